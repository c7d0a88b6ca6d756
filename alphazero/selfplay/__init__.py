"""Self-play: many games in lock-step, which become game records."""
