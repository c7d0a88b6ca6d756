"""Settings of a run that plays, trains and promotes within seconds; tests add the condition for its end."""

WORDS = [
    "conf=smoke",
    "stop.minutes=null",
    "stop.promotions=null",
    "net.blocks=1",
    "net.filters=8",
    "search.num_simulations=4",
    "selfplay.num_games=16",
    "training.min_positions=200",
    "training.publish_steps=20",
    "training.checkpoint_steps=20",
    "gate.num_games=4",
    "gate.num_simulations=4",
    "gate.every_steps=20",
    "gate.threshold=0",
]
