"""Benchmarks of each part on this machine, each beside its limit (roofline)."""
