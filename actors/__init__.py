"""Ray actors: thin wrappers around the classes of `alphazero`, and the driver that supervises them."""
