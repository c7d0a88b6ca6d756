"""Supervised training from chunks, SGF files or game logs: command, ranks, loop, state, progress."""
