"""Who is stronger: players, matches, ratings, promotions, and a client for GTP engines."""
