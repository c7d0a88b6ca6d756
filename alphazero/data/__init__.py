"""Finished games: their records, the log that keeps them and the window that training draws from."""
