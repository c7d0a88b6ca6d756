"""The data of a run: game records, the game log, the replay window, targets and batches."""
