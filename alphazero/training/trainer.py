"""A learner that saves itself, and goes back when its loss is lost."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from alphazero.config import training as training_config
from alphazero.training import checkpoint

_logger = logging.getLogger(__name__)
_SLOWNESS = 0.98
"""Decay for each step of the running mean that an exploded loss is told by."""
_RATE_AFTER_ACCIDENT = 0.5


class Trainable(Protocol):
    """What a `Trainer` drives: a `learner.Learner`, or a group of ranks that acts as one."""

    step: int
    samples: int
    rate_factor: float

    def train(self, drawn: Any, progress: float) -> list[dict[str, float]]:
        """`learner.Learner.train`."""
        ...

    def state(self) -> dict[str, Any]:
        """`learner.Learner.state`."""
        ...

    def load_state(self, state: dict[str, Any]) -> None:
        """`learner.Learner.load_state`."""
        ...


class Trainer:
    """Trains, saves checkpoints, and returns once to the last good one at half the rate.

    A loss that is not finite, or far above its running mean, would otherwise spoil everything after it.
    """

    def __init__(
        self,
        trainable: Trainable,
        checkpoints: checkpoint.Checkpoints,
        config: training_config.TrainingConfig,
    ) -> None:
        """checkpoints: of this run alone; nothing is read or written before `restore`."""
        self._trainable = trainable
        self._checkpoints = checkpoints
        self._config = config
        self._typical_loss: float | None = None
        self._has_checkpoint = False
        self.rollbacks = 0
        """Returns to a checkpoint in this session."""

    def restore(self) -> bool:
        """Goes on from the newest whole checkpoint; False where there is none.

        ValueError if it is of another network, board or optimizer.
        """
        state = self._checkpoints.load_newest()
        if state is None:
            return False
        self._trainable.load_state(state)
        self._has_checkpoint = True
        return True

    def train(self, drawn: Any, progress: float) -> list[dict[str, float]]:
        """`Trainable.train`; no figures after a return to the last checkpoint.

        A new run's first call writes the checkpoint that it might have to go back to. FloatingPointError
        when the loss is lost again at the lower rate.
        """
        if not self._has_checkpoint:
            self.save()
        try:
            figures = self._trainable.train(drawn, progress)
            self._check(figures)
        except FloatingPointError as error:
            self._go_back(error)
            return []
        return figures

    def save(self) -> bool:
        """Writes a checkpoint; False, after a warning, where the disk does not take it."""
        try:
            self._checkpoints.save(self._trainable.step, self._trainable.state())
        except OSError as error:
            _logger.warning("step %d was not saved: %s", self._trainable.step, error)
            return False
        self._has_checkpoint = True
        return True

    def _check(self, taken: Sequence[dict[str, float]]) -> None:
        """FloatingPointError where a loss is far above what was usual before it."""
        for number, figures in enumerate(taken):
            loss, typical = figures["loss"], self._typical_loss
            if typical is not None and loss > self._config.explosion_factor * typical:
                step = self._trainable.step - len(taken) + number + 1
                raise FloatingPointError(f"training step {step}: loss {loss:.3g} after {typical:.3g} before")
            size = abs(loss)  # REINFORCE has losses of both signs
            self._typical_loss = size if typical is None else _SLOWNESS * typical + (1 - _SLOWNESS) * size

    def _go_back(self, accident: FloatingPointError) -> None:
        if self._trainable.rate_factor < 1:
            raise FloatingPointError(
                f"{accident}; the rate was halved before: lower optimizer.rate"
            ) from None
        state = self._checkpoints.load_newest()
        if state is None:
            raise accident
        self._trainable.load_state(state)
        self._trainable.rate_factor = _RATE_AFTER_ACCIDENT
        self._typical_loss = None
        self.rollbacks += 1
        _logger.warning("%s; back to step %d at half the rate", accident, self._trainable.step)
