"""Who is stronger: players, matches, ratings, promotions, and the GTP engine and client."""
