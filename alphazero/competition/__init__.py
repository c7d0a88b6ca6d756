"""Competitions between GTP engines and networks, after gomill: control files, games, results, reports."""
