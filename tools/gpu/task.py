"""What a section is given, and what it reports."""

import dataclasses
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from alphazero.benchmarks import figures, settings
from alphazero.config import training as training_config
from tools.gpu import plan


class Note(NamedTuple):
    """A result that is no number, such as why a backend is not used."""

    name: str
    text: str

    def json(self) -> str:
        """One line."""
        return json.dumps(self._asdict())


class Facts(NamedTuple):
    """What the machine is."""

    values: dict[str, Any]

    def json(self) -> str:
        """One line."""
        return json.dumps({"facts": self.values})


Item = figures.Figure | Note | Facts
Items = Iterator[Item]


class Task(NamedTuple):
    """A section that is being measured."""

    section: plan.Section
    form: plan.Form
    device: training_config.Device
    deadline: float  # of time.monotonic

    @property
    def left_s(self) -> float:
        """Seconds until the section is ended."""
        return self.deadline - time.monotonic()

    @property
    def is_cuda(self) -> bool:
        """Whether a GPU is measured."""
        return self.device is training_config.Device.cuda

    def options(self, **changes: Any) -> settings.Settings:
        """Of a benchmark of the section's network and board."""
        given = settings.Settings(
            size=self.section.size,
            nets=[settings.parse_net(self.section.net)],
            num_simulations=self.form.num_simulations,
            num_games=self.form.num_games,
            device=self.device.value,
            seconds=self.form.seconds,
        )
        return given._replace(**changes)


def renamed(figure: figures.Figure, name: str, **more: Any) -> figures.Figure:
    """The figure with a name of its own and more in its setup."""
    return dataclasses.replace(figure, name=name, setup={**figure.setup, **more})


def line_of(error: BaseException) -> str:
    """The first line of what went wrong, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
