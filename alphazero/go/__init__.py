"""Rules of Go: boards, games, scores, and what the network sees of them.

Kernels (`@jit`) work on arrays and game records and answer with codes; `game.Game` is the friendly
class around them. docs/conventions.md defines points, colours and actions.
"""
