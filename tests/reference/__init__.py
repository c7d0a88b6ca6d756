"""Slow twins: the same answers as our kernels, by other means and with nothing shared."""
