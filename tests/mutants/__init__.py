"""Mutants: planted bugs that measure the tests.

Each *.toml file here lists bugs of one package. `python -m tests.mutants` puts one bug at a time into a copy
of the project. The tests that are listed with the bug must fail there, and pass without it.
"""
