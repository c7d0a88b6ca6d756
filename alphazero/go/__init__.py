"""Rules of Go: boards, games, scores and the input planes of networks.

Kernels (`@jit`) work on arrays and game states and return codes. `play.Game` wraps them in a class that
checks its arguments and raises errors. docs/conventions.md defines points, colours and actions.
"""
