"""Mirrors of runs in folders and object stores: writing to them and pulling from them."""
