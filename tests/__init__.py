"""Tests, in the same tree as alphazero/ and actors/; tests/reference holds slow references."""
