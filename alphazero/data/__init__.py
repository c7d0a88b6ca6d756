"""Training data: game records, the game log, the replay window, and files of other programs."""
