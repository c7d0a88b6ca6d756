"""A trainer that saves checkpoints, and rolls the learner back if its loss diverges."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from alphazero.config import net as net_config
from alphazero.config import training as training_config
from alphazero.training import checkpoint

_logger = logging.getLogger(__name__)
_LOSS_DECAY = 0.98
"""Decay per step of the running mean that an exploding loss is compared with."""
_FACTOR_AFTER_ROLLBACK = 0.5
"""Learning rate factor after a rollback."""


class Trainable(Protocol):
    """The interface that a `Trainer` uses: a `learner.Learner`, or a group of ranks that acts as one."""

    step: int
    samples: int
    learning_rate_factor: float

    def train(self, drawn: Any, progress: float) -> list[dict[str, float]]:
        """See `learner.Learner.train`."""
        ...

    @property
    def stage(self) -> str:
        """See `learner.Learner.stage`."""
        ...

    def grow(self, stage: str) -> None:
        """See `learner.Learner.grow`."""
        ...

    def state(self) -> dict[str, Any]:
        """See `learner.Learner.state`."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """See `learner.Learner.load_state`."""
        ...


class Trainer:
    """Trains, saves checkpoints, and returns once to the last good one at half the learning rate.

    Otherwise a loss that is not finite, or far above its running mean, would spoil all later training.
    """

    def __init__(
        self,
        trainable: Trainable,
        checkpoints: checkpoint.Checkpoints,
        config: training_config.TrainingConfig,
    ) -> None:
        """checkpoints: of this run only. Nothing is read or written before `restore`."""
        self._trainable = trainable
        self._checkpoints = checkpoints
        self._config = config
        self._typical_loss: float | None = None
        self._has_checkpoint = False
        self.rollbacks = 0
        """Number of rollbacks in this session."""

    def restore(self) -> bool:
        """Resumes from the newest complete checkpoint. Returns False if there is none.

        Raises ValueError if the checkpoint belongs to another network, board or optimizer.
        """
        state = self._checkpoints.load_newest()
        if state is None:
            return False
        self._trainable.load_state(state)
        self._has_checkpoint = True
        return True

    def train(self, drawn: Any, progress: float) -> list[dict[str, float]]:
        """Calls `Trainable.train`. Returns no metrics after a rollback to the last checkpoint.

        The first call of a new run writes a checkpoint that a rollback could use. Raises FloatingPointError
        if the loss diverges again at the lower learning rate.
        """
        if not self._has_checkpoint:
            self.save()
        try:
            metrics = self._trainable.train(drawn, progress)
            self._check(metrics)
        except FloatingPointError as error:
            self._roll_back(error)
            return []
        return metrics

    def grow_if_due(self, net: net_config.NetConfig, positions: int) -> None:
        """Grows the network if a run with so many positions has a larger one by `net.growth`."""
        due, stage = net.stage_at(positions), self._trainable.stage
        if net.stages.index(due) > net.stages.index(stage):
            _logger.info("step %d: the network grows from %s to %s", self._trainable.step, stage, due)
            self._trainable.grow(due)

    def save(self) -> bool:
        """Writes a checkpoint. Returns False, after a warning, if it cannot be written."""
        try:
            self._checkpoints.save(self._trainable.step, self._trainable.state())
        except OSError as error:
            _logger.warning("step %d was not saved: %s", self._trainable.step, error)
            return False
        self._has_checkpoint = True
        return True

    def _check(self, taken: Sequence[dict[str, float]]) -> None:
        """Raises FloatingPointError if a loss is far above the running mean of earlier losses."""
        for number, metrics in enumerate(taken):
            loss, typical = metrics["loss"], self._typical_loss
            if typical is not None and loss > self._config.explosion_factor * typical:
                step = self._trainable.step - len(taken) + number + 1
                raise FloatingPointError(
                    f"training step {step}: loss {loss:.3g}, running mean {typical:.3g} before it"
                )
            size = abs(loss)  # REINFORCE has losses of both signs
            self._typical_loss = size if typical is None else _LOSS_DECAY * typical + (1 - _LOSS_DECAY) * size

    def _roll_back(self, error: FloatingPointError) -> None:
        if self._trainable.learning_rate_factor < 1:
            raise FloatingPointError(
                f"{error}; the learning rate was already halved: lower optimizer.rate"
            ) from None
        state = self._checkpoints.load_newest()
        if state is None:
            raise error
        # As a part of the state, so that all ranks get it.
        self._trainable.load_state({**state, "rate_factor": _FACTOR_AFTER_ROLLBACK})
        self._typical_loss = None
        self.rollbacks += 1
        _logger.warning("%s; back to step %d at half the learning rate", error, self._trainable.step)
