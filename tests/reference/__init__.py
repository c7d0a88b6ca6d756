"""Slow reference implementations that share no code with the kernels and must give the same results."""
