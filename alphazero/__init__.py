"""AlphaZero for Go: rules, search, networks, training and matches. Nothing here imports Ray."""
