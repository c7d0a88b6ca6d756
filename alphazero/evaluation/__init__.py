"""Evaluation of playing strength: players, matches, ratings, promotions, and a client for GTP engines."""
