"""Ray: thin coats over the classes of `alphazero`, and the driver that supervises them."""
