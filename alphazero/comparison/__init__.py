"""Comparisons of settings: forks of a run, or trainings on its positions, and a match between them."""
