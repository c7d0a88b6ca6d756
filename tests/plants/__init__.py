"""Planted bugs: what the tests are worth.

Each *.toml file here lists bugs of one room. `python -m tests.plants` puts one at a time into a copy of
the project and demands that the tests named beside it fail there, and pass without it.
"""
