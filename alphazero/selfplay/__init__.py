"""Self-play: many games in lock-step, finished games as records."""
