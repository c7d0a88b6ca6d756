"""The learner: one optimizer step after another, and the averaged network that comes of them."""

import copy
import functools
import math
from typing import Any

import numpy as np
import torch

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.net import hardware, leela, resnet
from alphazero.training import losses, optimizers, schedules


class Learner:
    """Network, optimizer and averaged network; `state` holds all that a restart needs."""

    def __init__(self, config: schema.Config) -> None:
        """Starts from `init.weights` or at random by `run.seed`."""
        training = config.training
        self._config = config
        self._device = hardware.pick_device(training.device)
        self._is_bf16 = hardware.is_bf16(training.precision, self._device)
        generator = torch.Generator().manual_seed(config.run.seed)
        net = resnet.ResNet(config.game.size, config.net, generator)
        _load_start(net, config)
        self._net = hardware.place(net, self._device).train()
        self._averaged = copy.deepcopy(self._net).eval().requires_grad_(False)
        self.step = 0
        """Optimizer steps taken."""
        self.samples = 0
        """Positions trained on, repeated ones included."""

    @functools.cached_property
    def _optimizer(self) -> torch.optim.Optimizer:
        """Made when needed: torch loads its compiler for it, and self-play waits for the first network."""
        return optimizers.make(self._config.optimizer, self._net)

    def train(self, batch: batches.Batch, progress: float) -> dict[str, float]:
        """One step on one batch; the figures of `losses.compute`, the gradient's norm and the rate.

        progress: of the run, as `schedules.rate` wants it. FloatingPointError, with the network as it
        was, if loss or gradient is not finite.
        """
        if self._device.type == "cpu":
            torch.set_num_threads(self._config.training.num_threads)
        planes_BCHW, targets = self._to_device(batch)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16):
            outputs = self._net(planes_BCHW)
        loss, figures = losses.compute(outputs, targets, self._config.training)
        self._optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._net.parameters(), self._config.training.gradient_clip)
        answer = _to_floats({**figures, "gradient_norm": norm})
        if not (math.isfinite(answer["loss"]) and math.isfinite(answer["gradient_norm"])):
            found = f"loss {answer['loss']}, gradient norm {answer['gradient_norm']}"
            raise FloatingPointError(f"training step {self.step + 1}: {found}")
        rate = schedules.rate(self._config.schedule, self._config.optimizer.rate, self.step, progress)
        optimizers.set_rate(self._optimizer, rate)
        self._optimizer.step()
        self.step += 1
        self.samples += len(batch.planes)
        self._average()
        return {**answer, "rate": rate}

    def candidate(self) -> leela.Weights:
        """The averaged network, which is what plays."""
        return self._averaged.export()

    def state(self) -> dict[str, Any]:
        """A copy of all that changes, as tensors and plain Python."""
        return copy.deepcopy(
            {
                "step": self.step,
                "samples": self.samples,
                "net": self._net.state_dict(),
                "averaged": self._averaged.state_dict(),
                "optimizer": self._optimizer.state_dict(),
            }
        )

    def load_state(self, state: dict[str, Any]) -> None:
        """Goes on from a `state`; ValueError if it is of another board or network."""
        state = copy.deepcopy(state)  # an optimizer keeps the tensors it is given
        try:
            self._net.load_state_dict(state["net"])
            self._averaged.load_state_dict(state["averaged"])
            self._optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as error:
            raise ValueError("the checkpoint is of another network, board or optimizer") from error
        self.step, self.samples = state["step"], state["samples"]

    def _to_device(self, batch: batches.Batch) -> tuple[torch.Tensor, losses.Targets]:
        planes_BCHW = self._tensor(batch.planes).to(torch.bfloat16 if self._is_bf16 else torch.float32)
        targets = losses.Targets(
            policy=self._tensor(batch.policy),
            value=self._tensor(batch.value),
            ownership=self._tensor(batch.ownership),
            weight=self._tensor(batch.weight),
        )
        return planes_BCHW.contiguous(memory_format=torch.channels_last), targets

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        """Shares the array's memory where possible; arrays from another process may be read-only."""
        return torch.from_numpy(np.require(array, requirements="W")).to(self._device)

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the averaged network, batch norm's statistics included, towards the current one.

        The decay starts low, so that the random start is forgotten quickly.
        """
        decay = min(self._config.training.average_decay, self.step / (self.step + 10))
        for averaged, current in zip(
            self._averaged.state_dict().values(), self._net.state_dict().values(), strict=True
        ):
            if averaged.is_floating_point():
                averaged.lerp_(current, 1 - decay)


def check_start(config: schema.Config) -> None:
    """ValueError in one line if `init.weights` is no network of the run's board and shape."""
    if config.init.weights is not None:
        _load_start(resnet.ResNet(config.game.size, config.net), config)


def _load_start(net: resnet.ResNet, config: schema.Config) -> None:
    if config.init.weights is not None:
        try:
            net.load_weights(leela.read(config.init.weights))
        except OSError as error:
            raise ValueError(f"init.weights={config.init.weights}: {error.strerror}") from error
        except ValueError as error:
            raise ValueError(f"init.weights={config.init.weights}: {error}") from error


def _to_floats(figures: dict[str, torch.Tensor]) -> dict[str, float]:
    """One transfer for all of them."""
    return dict(zip(figures, torch.stack(list(figures.values())).tolist(), strict=True))
