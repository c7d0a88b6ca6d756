"""Second places for a run: folders and object stores, mirroring into them, pulling out of them."""
