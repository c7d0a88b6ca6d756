"""The learner: one optimizer step after another, and the averaged network that comes of them."""

import collections
import copy
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import swa_utils

from alphazero.config import optimizer as optimizer_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import batch as batches
from alphazero.net import hardware, leela, packing, resnet
from alphazero.training import losses, optimizers, rso, schedules
from alphazero.training import ranks as all_ranks

_NUM_RECENT = 8
"""Batches from which an averaged network's batch-norm statistics are computed: 2,048 positions by default."""


class Learner:
    """Network, optimizer and averaged network of one rank; `state` holds all that a restart needs."""

    def __init__(self, config: schema.Config, ranks: all_ranks.Ranks | None = None) -> None:
        """Starts from `init.weights` or at random by `run.seed`; ranks: by default there is only this one."""
        training = config.training
        self._config = config
        self._ranks = ranks or all_ranks.Ranks()
        self._device = self._ranks.device or hardware.pick_device(training.device)
        self._is_policy_gradient = training.policy_loss is training_config.PolicyLoss.reinforce
        self._is_bf16 = hardware.is_bf16(training.precision, self._device)
        generator = torch.Generator().manual_seed(config.run.seed)
        net = resnet.ResNet(config.game.size, config.net, generator)
        _load_start(net, config)
        self._net = hardware.place(net, self._device).train()
        self._averaged = swa_utils.AveragedModel(self._net, multi_avg_fn=self._move_average)
        self._averaged.eval().requires_grad_(False)
        self._recent: collections.deque[torch.Tensor] = collections.deque(maxlen=_NUM_RECENT)
        self.step = 0
        """Optimizer steps taken."""
        self.samples = 0
        """Positions trained on by all ranks, repeated ones included."""
        self.rate_factor = 1.0
        """What the schedule's rate is multiplied by, lowered after an accident."""

    @functools.cached_property
    def _optimizer(self) -> optimizers.Optimizer | rso.Rso:
        """Made when needed: torch loads its compiler for it, and self-play waits for the first network."""
        if self._config.optimizer.name is optimizer_config.OptimizerName.rso:
            if self._ranks.count > 1:
                raise ValueError(f"training.num_ranks={self._ranks.count}: optimizer=rso works with 1 only")
            generator = torch.Generator().manual_seed(self._config.run.seed)
            return rso.Rso(self._config.optimizer, self._net, generator)
        return optimizers.make(self._config.optimizer, self._net)

    @functools.cached_property
    def _forward(self) -> Callable[[torch.Tensor], resnet.Outputs]:
        """The network in training as it is called: parallel over ranks, and compiled if so configured."""
        net: nn.Module = self._ranks.wrap(self._net)
        return torch.compile(net) if self._config.training.compile else net

    def train(self, drawn: Sequence[batches.Batch], progress: float) -> list[dict[str, float]]:
        """One step on each batch; for each the figures of `losses.compute`, the gradient's norm and the rate.

        With several ranks each trains on its own batches, all call this alike, and figures are means over
        ranks. progress: of the run, as `schedules.at` wants it. FloatingPointError, on all ranks, if a
        loss or gradient was not finite; the network is lost then. ValueError if a head lacks its target.
        """
        if self._device.type == "cpu":
            torch.set_num_threads(self._config.training.num_threads)
        first = self.step + 1
        taken = [self._train(batch, progress) for batch in drawn]
        if not taken:
            return []
        table = torch.stack(
            [torch.stack([figure.float() for figure in figures.values()]) for figures in taken]
        )
        self._ranks.mean_([table])
        answers = [dict(zip(taken[0], row, strict=True)) for row in table.tolist()]
        for number, figures in enumerate(answers):
            if not (math.isfinite(figures["loss"]) and math.isfinite(figures["gradient_norm"])):
                found = f"loss {figures['loss']}, gradient norm {figures['gradient_norm']}"
                raise FloatingPointError(f"training step {first + number}: {found}")
        return answers

    def evaluate(self, drawn: Sequence[batches.Batch]) -> dict[str, float]:
        """Means over batches of the averaged network's figures, accuracies of its policy included.

        Its batch norm has the statistics of the newest `candidate`; this is one rank's own affair.
        """
        found = [self._evaluate(batch) for batch in drawn]
        means = {name: torch.stack([figures[name] for figures in found]).mean() for name in found[0]}
        return dict(zip(means, torch.stack(list(means.values())).tolist(), strict=True))

    def candidate(self) -> leela.Weights:
        """The averaged network, which is what plays; all ranks must call this alike."""
        self._refresh_statistics()
        return self._averaged_net.export()

    def state(self) -> dict[str, Any]:
        """A copy of all that changes, as tensors on the CPU and plain Python.

        All ranks must call this alike, or `synchronize` in its place.
        """
        self.synchronize()
        return _copy_to_cpu(
            {
                "step": self.step,
                "samples": self.samples,
                "rate_factor": self.rate_factor,
                "net": self._net.state_dict(),
                "averaged": self._averaged.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "recent": list(self._recent),
            }
        )

    def synchronize(self) -> None:
        """Makes the ranks' batch-norm statistics their mean, as the others need it for their `state`."""
        self._ranks.mean_(_statistics(self._net))

    def load_state(self, state: dict[str, Any]) -> None:
        """Goes on from a `state`; ValueError if it is of another board, network or optimizer."""
        state = copy.deepcopy(state)  # an optimizer keeps the tensors it is given
        try:
            self._net.load_state_dict(state["net"])
            self._averaged.load_state_dict(state["averaged"])
            self._optimizer.load_state_dict(state["optimizer"])
            self.step, self.samples = state["step"], state["samples"]
            self.rate_factor = state["rate_factor"]
            self._recent.clear()
            self._recent.extend(packed_BK.to(self._device) for packed_BK in state["recent"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError("the checkpoint is of another network, board, optimizer or version") from error

    def _train(self, batch: batches.Batch, progress: float) -> dict[str, torch.Tensor]:
        """One step; its figures stay on the device, so that a GPU need not wait for Python."""
        packed_BK, targets = self._to_device(batch)
        self._recent.append(packed_BK)
        setting = schedules.at(self._config.schedule, self._config.optimizer, self.step, progress)
        setting = setting._replace(rate=self.rate_factor * setting.rate)
        optimizers.apply(self._optimizer, setting)
        if isinstance(self._optimizer, rso.Rso):
            figures = self._search(self._optimizer, packed_BK, targets)
        else:
            figures = self._descend(self._optimizer, packed_BK, targets)
        self.step += 1
        self.samples += len(batch.planes) * self._ranks.count
        self._averaged.update_parameters(self._net)
        return {**figures, "rate": torch.tensor(setting.rate).to(figures["loss"])}

    def _descend(
        self, optimizer: optimizers.Optimizer, packed_BK: torch.Tensor, targets: losses.Targets
    ) -> dict[str, torch.Tensor]:
        """A step along the gradient; figures of the network before it, and the gradient's norm."""
        with self._autocast():
            outputs = self._forward(self._planes(packed_BK))
        loss, figures = losses.compute(outputs, targets, self._config.training)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._net.parameters(), self._config.training.gradient_clip)
        optimizer.step()
        return {**figures, "gradient_norm": norm}

    def _search(
        self, optimizer: rso.Rso, packed_BK: torch.Tensor, targets: losses.Targets
    ) -> dict[str, torch.Tensor]:
        """A step without gradients, in float32; figures of the network before it."""
        found: list[dict[str, torch.Tensor]] = []

        def loss_of_outputs(outputs: resnet.Outputs) -> torch.Tensor:
            loss, figures = losses.compute(outputs, targets, self._config.training)
            found.append(figures)
            return loss

        optimizer.step(self._planes(packed_BK).float(), loss_of_outputs)
        return {**found[0], "gradient_norm": torch.zeros_like(found[0]["loss"])}

    @torch.no_grad()
    def _evaluate(self, batch: batches.Batch) -> dict[str, torch.Tensor]:
        packed_BK, targets = self._to_device(batch)
        with self._autocast():
            outputs = self._averaged(self._planes(packed_BK))
        figures = losses.compute(outputs, targets, self._config.training)[1]
        return {**figures, **losses.accuracies(outputs, targets)}

    @property
    def _averaged_net(self) -> resnet.ResNet:
        assert isinstance(self._averaged.module, resnet.ResNet)
        return self._averaged.module

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16)

    def _to_device(self, batch: batches.Batch) -> tuple[torch.Tensor, losses.Targets]:
        """Packed planes [B, K] and targets."""
        packed_BK = self._tensor(batch.planes)
        targets = losses.Targets(
            policy=self._tensor(batch.policy),
            value=self._tensor(batch.value),
            weight=self._tensor(batch.weight),
            ownership=None if batch.ownership is None else self._tensor(batch.ownership).float(),
            score=None if batch.score is None else self._tensor(batch.score),
            reply=None if batch.reply is None else self._tensor(batch.reply),
            short_term=None if batch.short_term is None else self._tensor(batch.short_term),
            is_free=losses.free_moves(self._planes(packed_BK)) if self._is_policy_gradient else None,
        )
        return packed_BK, targets

    def _planes(self, packed_BK: torch.Tensor) -> torch.Tensor:
        dtype = torch.bfloat16 if self._is_bf16 else torch.float32
        unpacked_BCHW = packing.unpack(packed_BK, self._config.game.size, dtype)
        return unpacked_BCHW.contiguous(memory_format=torch.channels_last)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        """Shares the array's memory where possible; arrays from another process may be read-only."""
        tensor = torch.from_numpy(np.require(array, requirements="W"))
        if self._device.type == "cpu":
            return tensor
        return tensor.pin_memory().to(self._device, non_blocking=True)

    def _move_average(self, averaged: Any, current: Any, count: Any) -> None:
        """Moves the averaged parameters towards the current ones.

        The decay starts low, so that the random start is forgotten quickly.
        """
        decay = min(self._config.training.average_decay, self.step / (self.step + 10))
        swa_utils.get_ema_multi_avg_fn(decay)(averaged, current, count)

    def _refresh_statistics(self) -> None:
        """Gives the averaged network the batch-norm statistics of its own activations.

        Those of the network in training do not fit averaged weights (Izmailov et al. 2018, section 3.2).
        """
        if self._recent:
            with self._autocast():
                swa_utils.update_bn(map(self._planes, self._recent), self._averaged)
            self._ranks.mean_(_statistics(self._averaged))


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


def _copy_to_cpu(tree: Any) -> Any:
    """The same nested dicts and lists, with copies of all tensors, of which none is on a GPU."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu() if tree.device.type != "cpu" else tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: _copy_to_cpu(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map(_copy_to_cpu, tree))
    return copy.deepcopy(tree)


def _statistics(module: nn.Module) -> list[torch.Tensor]:
    """Running means and variances of all batch norms."""
    return [buffer for buffer in module.buffers() if buffer.is_floating_point()]
