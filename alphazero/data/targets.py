"""The table of training targets, and the functions that make them from finished games.

Everything that handles targets follows `TARGETS`: the replay window, batches, symmetries, heads, losses, the
settings that a run fixes, and estimates of memory. A new target of a known shape and loss takes three files:
its row and its function here, its switch in `config/net.py`, its weight in `config/training.py`. A target
from data that `record.GameRecord` lacks takes a field there as well, which `selfplay.game_builder` fills.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import training as training_config
from alphazero.data import record as records
from alphazero.go import shapes

SHORT_TERM_TURNS = (50.0, 16.0, 6.0)
"""Horizons of the short-term values on 19x19, in turns, as in KataGo (docs/KataGoMethods.md,
"Short-term Value and Score Targets"). On smaller boards they shrink in proportion to the points."""

Make = Callable[[records.GameRecord, replay_config.ReplayConfig], np.ndarray]
"""Makes a target of a game: [num_played, ...] for the position before each played move."""


class Derived(Enum):
    """Source of a target that the replay window does not store, because it follows from others."""

    same_policy = "same_policy"
    """The policy of the same position; not a field of batches, and the loss makes the target from it."""
    next_policy = "next_policy"
    """The policy of the next ply; a row of zeros without one."""
    same_score = "same_score"
    """The score of the same position; not a field of batches."""
    score_error = "score_error"
    """Absolute error of the network's score; not a field of batches, and the loss makes it from the score."""


class Perspective(Enum):
    """The side from which a target's numbers are seen."""

    player = "player"
    """The player to move: positive numbers are good for this player."""
    neutral = "neutral"
    """Neither side: the numbers have no sign that depends on a colour."""


class HeadKind(Enum):
    """The part of the network that learns a target."""

    exported = "exported"
    """Policy and value head, which every network has and weight files hold."""
    auxiliary = "auxiliary"
    """A head of `net/auxiliary.py`, which the target's switch enables and only training uses."""
    by_family = "by_family"
    """As `auxiliary` in Leela Zero's family. KataGo's always has the head, and its files hold it."""
    katago = "katago"
    """A head that KataGo's family always has and Leela Zero's never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of the table."""

    name: str
    """Name of the head and of the field in batches. The switch is net.NAME, the weight training.NAME_weight,
    the metric NAME_loss."""
    shape: shapes.Shape
    """Shape for one position; it also says whether the target turns with the board."""
    perspective: Perspective
    """Documentation only: the source follows it, and no code reads it."""
    dtype: type[np.number] = np.float32
    """Type in the replay window. Batches have float32 in place of float16."""
    source: Make | Derived
    """The function that makes it when a game arrives, or how it follows from the policy. The size of the
    window counts the bytes of every function's target, enabled or not."""
    loss: str
    """Name of a function in `training.losses.LOSSES`."""
    head: HeadKind = HeadKind.auxiliary
    unit: float = 1.0
    """Value of a scalar for an output of 1, so that activations stay close to those of other heads."""
    weighed_as: str = ""
    """The target whose weight its loss has; its own by default."""

    @property
    def field(self) -> str:
        """The field of batches that the loss compares with."""
        if self.source is Derived.same_policy:
            return "policy"
        return "score" if self.source in (Derived.same_score, Derived.score_error) else self.name

    @property
    def batch_dtype(self) -> np.dtype:
        """Type in batches."""
        return np.dtype(np.float32 if self.dtype is np.float16 else self.dtype)

    def num_batch_bytes(self, size: int) -> int:
        """Bytes of the field in batches, for one position."""
        return self.batch_dtype.itemsize * math.prod(self.shape.dimensions(size))

    def weight(self, training: training_config.TrainingConfig) -> float:
        """Weight of its loss."""
        return getattr(training, f"{self.weighed_as or self.name}_weight")


def policies(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played, A] float16 policies of the search; a row of zeros without a full search."""
    return record.policy


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


def owners(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played, P] int8 final owners: +1 the player to move, -1 the opponent, 0 neutral."""
    return _sides(record).astype(np.int8)[:, None] * record.ownership


def scores(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played] float32 final lead of the player to move, in points, komi included."""
    return (record.score * _sides(record)).astype(np.float32)


def short_term_values(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played, H] float32 in [-1, 1] for the player to move, one for each of SHORT_TERM_TURNS.

    A mean of the root values from this turn on and of the final outcome, weighted by (H / (1 + H)) ** turns
    for the horizon H. Turns without a search are skipped.
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


TARGETS = (
    Target(
        name="policy",
        shape=shapes.ACTIONS,
        perspective=Perspective.neutral,
        dtype=np.float16,
        source=policies,
        loss="policy",
        head=HeadKind.exported,
    ),
    Target(
        name="value",
        shape=shapes.SCALAR,
        perspective=Perspective.player,
        source=values,
        loss="value",
        head=HeadKind.exported,
    ),
    Target(
        name="ownership",
        shape=shapes.POINTS,
        perspective=Perspective.player,
        dtype=np.int8,
        source=owners,
        loss="ownership",
        head=HeadKind.by_family,
    ),
    Target(
        name="score",
        shape=shapes.SCALAR,
        perspective=Perspective.player,
        source=scores,
        loss="huber",
        head=HeadKind.by_family,
        unit=20.0,  # as in KataGo
    ),
    Target(
        name="reply",
        shape=shapes.ACTIONS,
        perspective=Perspective.neutral,
        source=Derived.next_policy,
        loss="policy",
    ),
    Target(
        name="soft_policy",
        shape=shapes.ACTIONS,
        perspective=Perspective.neutral,
        source=Derived.same_policy,
        loss="soft_policy",
    ),
    Target(
        name="short_term",
        shape=shapes.vector(len(SHORT_TERM_TURNS)),
        perspective=Perspective.player,
        source=short_term_values,
        loss="value",
    ),
    Target(
        name="score_deviation",
        shape=shapes.SCALAR,
        perspective=Perspective.neutral,
        source=Derived.score_error,
        loss="huber",
        head=HeadKind.katago,
        weighed_as="score",
    ),
    Target(
        name="lead",
        shape=shapes.SCALAR,
        perspective=Perspective.player,
        source=Derived.same_score,
        loss="huber",
        head=HeadKind.katago,
        weighed_as="score",
    ),
)
"""The order is that of the heads' channels in checkpoints and of terms in the loss: new rows come last."""


def auxiliary() -> tuple[Target, ...]:
    """The rows with a switch, net.NAME, which enables an auxiliary head."""
    return tuple(target for target in TARGETS if target.head in (HeadKind.auxiliary, HeadKind.by_family))


def enabled(net: net_config.NetConfig) -> tuple[Target, ...]:
    """The rows that the network learns beside policy and value, with exported heads or auxiliary ones."""
    is_katago = net.family is net_config.Family.katago
    always = (HeadKind.by_family, HeadKind.katago) if is_katago else ()
    switched = {target.name for target in auxiliary() if getattr(net, target.name)}
    return tuple(target for target in TARGETS if target.head in always or target.name in switched)


def unexported(net: net_config.NetConfig) -> tuple[Target, ...]:
    """The rows whose heads the network has and no file holds."""
    is_katago = net.family is net_config.Family.katago
    return tuple(target for target in enabled(net) if target.head is HeadKind.auxiliary or not is_katago)


def optional_fields() -> tuple[str, ...]:
    """Fields of batches that not every source has."""
    return tuple(target.name for target in auxiliary() if target.field == target.name)


def fields_of(net: net_config.NetConfig) -> frozenset[str]:
    """The optional fields of batches that the network learns from."""
    return frozenset(target.field for target in enabled(net)).intersection(optional_fields())


def draw_weights(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played] float32 relative frequencies of drawing the positions.

    Policy surprise weighting (KataGo, docs/KataGoMethods.md): the fraction `surprise_weight` of a game's
    draws is distributed in proportion to `surprise`, the rest evenly. Positions without a surprise count as
    average ones, and no weight exceeds `surprise_limit`.
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
