"""Input of a section, and the items that it reports."""

import dataclasses
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from alphazero.benchmarks import measurement, settings
from alphazero.config import training as training_config
from tools.gpu import plan


class Note(NamedTuple):
    """A result that is not a number, such as the reason for not using a backend."""

    name: str
    text: str

    def json(self) -> str:
        """One line."""
        return json.dumps(self._asdict())


class MachineFacts(NamedTuple):
    """Facts about the machine."""

    values: dict[str, Any]

    def json(self) -> str:
        """One line."""
        return json.dumps({"facts": self.values})


Item = measurement.Measurement | Note | MachineFacts
Items = Iterator[Item]


class Task(NamedTuple):
    """A section that is being measured."""

    section: plan.Section
    form: plan.Form
    device: training_config.Device
    deadline: float  # of time.monotonic

    @property
    def left_s(self) -> float:
        """Seconds until the section is stopped."""
        return self.deadline - time.monotonic()

    @property
    def is_cuda(self) -> bool:
        """Whether a GPU is measured."""
        return self.device is training_config.Device.cuda

    def options(self, **changes: Any) -> settings.BenchmarkSettings:
        """Settings of a benchmark with the section's network and board."""
        given = settings.BenchmarkSettings(
            size=self.section.size,
            nets=[settings.parse_net(self.section.net)],
            num_simulations=self.form.num_simulations,
            num_games=self.form.num_games,
            device=self.device.value,
            seconds=self.form.seconds,
        )
        return given._replace(**changes)


def renamed(measured: measurement.Measurement, name: str, **more: Any) -> measurement.Measurement:
    """The measurement with another name and additional entries in its setup."""
    return dataclasses.replace(measured, name=name, setup={**measured.setup, **more})


def line_of(error: BaseException) -> str:
    """The first line of the error's message, or its type if the message is empty."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
