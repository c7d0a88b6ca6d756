"""AlphaZero for Go: rules, search, networks, training and matches. No module here imports Ray."""
