"""The tests mirror the tree of alphazero/ and actors/; tests/reference holds slow twins."""
