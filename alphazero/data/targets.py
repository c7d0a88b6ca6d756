"""Training targets of a finished game's positions, except the policy."""

import numpy as np

from alphazero.config import replay as replay_config
from alphazero.data import record as records

SHORT_TERM_TURNS = (50.0, 16.0, 6.0)
"""Horizons of the short-term values on 19x19, in turns, as in KataGo (docs/KataGoMethods.md,
"Short-term Value and Score Targets"). On smaller boards they shrink in proportion to the points."""


def values(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played] float32 in [-1, 1] for the player to move; nan without a search.

    outcome_weight * ((1 - score_weight) * win + score_weight * tanh(score / score_scale))
    + (1 - outcome_weight) * value of the search's root.
    """
    outcome = (1 - config.score_weight) * record.winner
    outcome += config.score_weight * np.tanh(record.score / config.score_scale)
    roots = np.clip(record.root_values.astype(np.float64), -1, 1)
    mixed = config.outcome_weight * outcome * _sides(record) + (1 - config.outcome_weight) * roots
    return mixed.astype(np.float32)


def scores(record: records.GameRecord) -> np.ndarray:
    """[num_played] float32 final lead of the player to move, in points, komi included."""
    return (record.score * _sides(record)).astype(np.float32)


def short_term_values(record: records.GameRecord) -> np.ndarray:
    """[num_played, H] float32 in [-1, 1] for the player to move, one for each of SHORT_TERM_TURNS.

    A mean of the root values from this turn on and of the final outcome, weighted by exp(-turns / horizon).
    Turns without a search are skipped.
    """
    blacks = np.clip(record.root_values.astype(np.float64), -1, 1) * _sides(record)
    now = 1 / (1 + np.array(SHORT_TERM_TURNS) * record.num_points / 361)
    later = np.full(len(now), float(record.winner))
    means = np.empty((record.num_played, len(now)))
    for ply in reversed(range(record.num_played)):
        if not np.isnan(blacks[ply]):
            later = now * blacks[ply] + (1 - now) * later
        means[ply] = later
    return (means * _sides(record)[:, None]).astype(np.float32)


def draw_weights(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played] float32 relative frequencies of drawing the positions.

    Policy surprise weighting (KataGo, docs/KataGoMethods.md): the fraction `surprise_weight` of a game's
    draws is distributed in proportion to `surprise`, the rest evenly.
    """
    surprise = record.surprise
    known = surprise[~np.isnan(surprise)].astype(np.float64)
    mean = known.mean() if len(known) else 0.0
    if mean <= 0:
        return np.ones(record.num_played, np.float32)
    share = np.where(np.isnan(surprise), 1.0, surprise / mean)
    weights = 1 - config.surprise_weight + config.surprise_weight * share
    return np.minimum(weights, config.surprise_limit).astype(np.float32)


def _sides(record: records.GameRecord) -> np.ndarray:
    """[num_played] 1 if Black is to move, -1 if White is."""
    return np.where(np.arange(record.num_played) % 2 == 0, 1, -1)
