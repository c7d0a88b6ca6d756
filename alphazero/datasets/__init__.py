"""Positions of other sources, for supervised training: chunks, SGF files, and shuffled streams of them."""
