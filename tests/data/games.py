"""Game records for the tests of data/."""

import numpy as np

from alphazero.data import record as records


def make_record(**changes: object) -> records.GameRecord:
    """A 3x3 game that is easy to check by hand: Black plays the centre, White a corner, then both pass."""
    fields: dict[str, object] = {
        "game_id": "game-1",
        "size": 3,
        "komi": 7.0,
        "suicide": False,
        "move_limit": 18,
        "moves": np.array([4, 0, 9, 9], np.int16),
        "num_played": 4,
        "policy": one_hot([4, 0, 9, 9], 10),
        "root_values": np.array([0.5, -0.25, 0.0, 1.0], np.float32),
        "ownership": np.array([-1, 0, 0, 0, 1, 0, 0, 0, 0], np.int8),
        "end": "passes",
        "oldest_weights": 3,
        "newest_weights": 4,
        "num_simulations": 16,
        "may_resign": True,
    }
    fields |= changes
    fields.setdefault("surprise", np.full(fields["num_played"], np.nan, np.float32))  # type: ignore[call-overload]
    if "score" not in changes:
        area = int(np.sum(fields["ownership"], dtype=np.int64))  # type: ignore[arg-type]
        fields["score"] = float(area - fields["komi"])  # type: ignore[operator]
    if "winner" not in changes:
        fields["winner"] = int(np.sign(fields["score"]))  # type: ignore[arg-type]
    return records.GameRecord(**fields)  # type: ignore[arg-type]


def one_hot(actions: list[int], num_actions: int) -> np.ndarray:
    """[T, A] float16 policies that play `actions`."""
    return np.eye(num_actions, dtype=np.float16)[actions]
