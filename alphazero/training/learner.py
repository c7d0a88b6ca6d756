"""The learner: optimizer steps, and an exponential moving average (EMA) of the network's weights."""

import collections
import copy
import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.optim import swa_utils

from alphazero.config import optimizer as optimizer_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import batch as batches
from alphazero.net import hardware, packing, resnet
from alphazero.net import weights as network_weights
from alphazero.net.katago import network
from alphazero.training import (
    batch_norms,
    data_parallel,
    growth,
    losses,
    optimizers,
    rso,
    schedules,
    trainable,
)

_NUM_RECENT = 8
"""Number of batches for the EMA network's batch-norm statistics: 2,048 positions by default."""


class DeviceInputs(NamedTuple):
    """Inputs of a batch on the device."""

    planes_BK: torch.Tensor  # uint8 bits
    globals_BG: torch.Tensor


class Learner:
    """Network, optimizer and EMA network of one rank. `state` holds everything that a restart needs."""

    def __init__(self, config: schema.Config, ranks: data_parallel.Ranks | None = None) -> None:
        """Starts from `init.weights`, or from random weights by `run.seed`. ranks: one process by default."""
        training = config.training
        self._config = config
        self._ranks = ranks or data_parallel.Ranks()
        self._device = self._ranks.device or hardware.pick_device(training.device)
        self._is_policy_gradient = training.policy_loss is training_config.PolicyLoss.reinforce
        self._is_bf16 = hardware.is_bf16(training.precision, self._device)
        generator = torch.Generator().manual_seed(config.run.seed)
        self._start = config
        self._use(_make_network(config, generator))
        self._recent: collections.deque[DeviceInputs] = collections.deque(maxlen=_NUM_RECENT)
        self.step = 0
        """Optimizer steps taken."""
        self.samples = 0
        """Positions trained on by all ranks, repeated ones included."""
        self.learning_rate_factor = 1.0
        """Factor on the schedule's learning rate, lowered after a rollback."""
        self._grown_at = 0

    def _use(self, net: trainable.Network) -> None:
        """Trains this network from now on; the EMA network starts as a copy of it."""
        self._net = hardware.place(net, self._device).train()
        self._ema = swa_utils.AveragedModel(self._net, multi_avg_fn=self._update_ema)
        self._ema.eval().requires_grad_(False)

    @functools.cached_property
    def _optimizer(self) -> optimizers.Optimizer | rso.Rso:
        """Created at first use, as loading torch's compiler would delay the first network of self-play."""
        if self._config.optimizer.name is optimizer_config.OptimizerName.rso:
            if self._ranks.count > 1:
                raise ValueError(f"training.num_ranks={self._ranks.count}: must be 1 with optimizer=rso")
            generator = torch.Generator().manual_seed(self._config.run.seed)
            return rso.Rso(self._config.optimizer, self._net, generator)
        return optimizers.make(self._config.optimizer, self._net)

    @functools.cached_property
    def _forward(self) -> Callable[..., resnet.NetOutputs]:
        """The network in training, data-parallel over the ranks and compiled if configured."""
        net: nn.Module = self._ranks.wrap(self._net)
        return torch.compile(net) if self._config.training.compile else net

    def train(self, drawn: Sequence[batches.TrainingBatch], progress: float) -> list[dict[str, float]]:
        """Takes one step on each batch. Returns the metrics of each step.

        Metrics are those of `losses.compute`, the gradient norm and the learning rate. With several ranks,
        each trains on its own batches, every rank must make the same call, and metrics are means over ranks.
        progress: of the run, as in `schedules.at`. Raises FloatingPointError, on all ranks, if a loss or
        gradient is not finite; the network is unusable then. Raises ValueError if a head has no target.
        """
        if self._device.type == "cpu":
            torch.set_num_threads(self._config.training.num_threads)
        first = self.step + 1
        taken = [self._train(batch, progress) for batch in drawn]
        if not taken:
            return []
        table = torch.stack(
            [torch.stack([metric.float() for metric in metrics.values()]) for metrics in taken]
        )
        self._ranks.mean_([table])
        results = [dict(zip(taken[0], row, strict=True)) for row in table.tolist()]
        for number, metrics in enumerate(results):
            if not (math.isfinite(metrics["loss"]) and math.isfinite(metrics["gradient_norm"])):
                found = f"loss {metrics['loss']}, gradient norm {metrics['gradient_norm']}"
                raise FloatingPointError(f"training step {first + number}: {found}")
        return results

    def evaluate(self, drawn: Sequence[batches.TrainingBatch]) -> dict[str, float]:
        """Means over batches of the EMA network's metrics, including the accuracies of its policy.

        Its batch norm uses the statistics of the newest `candidate`. A rank may call this by itself.
        """
        found = [self._evaluate(batch) for batch in drawn]
        means = {name: torch.stack([metrics[name] for metrics in found]).mean() for name in found[0]}
        return dict(zip(means, torch.stack(list(means.values())).tolist(), strict=True))

    def candidate(self) -> network_weights.Weights:
        """The EMA network, which plays the games. Every rank must make the same call."""
        self._refresh_statistics()
        return self._ema_net.export()

    @property
    def stage(self) -> str:
        """Name of the network, one of `net.stages`."""
        return self._config.net.name

    def grow(self, stage: str) -> None:
        """Makes the network a larger one with the same answers. Every rank must make the same call.

        The optimizer starts again, with a warm-up.
        """
        small, averaged, count = self._net, self._ema_net, self._ema.n_averaged
        self._resize(stage)
        self._ema.n_averaged.copy_(count)
        for before, after in ((small, self._net), (averaged, self._ema_net)):
            # The same seed for both: averages of the weights need the same channels in the same places.
            growth.grow(before, after, np.random.default_rng([self._config.run.seed, self.step]))
        self._grown_at = self.step

    def _resize(self, stage: str) -> None:
        """Replaces the network by a new one of another stage, and forgets the optimizer."""
        self._config, made = _at_stage(self._start, stage)
        self._use(made)
        for name in ("_optimizer", "_forward"):
            self.__dict__.pop(name, None)

    def state(self) -> dict[str, Any]:
        """A copy of everything that changes, as tensors on the CPU and plain Python.

        Every rank must call this, or `synchronize` instead.
        """
        self.synchronize()
        return _copy_to_cpu(
            {
                "step": self.step,
                "samples": self.samples,
                "rate_factor": self.learning_rate_factor,
                "stage": self.stage,
                "grown_at": self._grown_at,
                "net": self._net.state_dict(),
                "averaged": self._ema.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "recent": [inputs.planes_BK for inputs in self._recent],
                "recent_globals": [inputs.globals_BG for inputs in self._recent],
            }
        )

    def synchronize(self) -> None:
        """Averages the batch-norm statistics over the ranks, as the `state` of another rank requires."""
        self._ranks.mean_(batch_norms.statistics(self._net))

    def load_state(self, state: dict[str, Any]) -> None:
        """Resumes from a `state`. Raises ValueError if it belongs to another board, network or optimizer."""
        # Checkpoints of earlier versions have no stage: their networks did not grow.
        stage = state.get("stage", self.stage)
        if stage not in self._start.net.stages:
            raise ValueError(
                f"the checkpoint belongs to another network, {stage}, which net.growth does not name"
            )
        state = copy.deepcopy(state)  # an optimizer keeps the tensors it is given
        try:
            if stage != self.stage:
                self._resize(stage)
            self._grown_at = state.get("grown_at", 0)
            self._net.load_state_dict(state["net"])
            self._ema.load_state_dict(state["averaged"])
            self._optimizer.load_state_dict(state["optimizer"])
            self.step, self.samples = state["step"], state["samples"]
            self.learning_rate_factor = state["rate_factor"]
            self._recent.clear()
            # Checkpoints of earlier versions have no global inputs: Leela Zero's family has none.
            planes = state["recent"]
            globals = state.get("recent_globals", [torch.zeros(len(each), 0) for each in planes])
            pairs = zip(planes, globals, strict=True)
            self._recent.extend(DeviceInputs(*(each.to(self._device) for each in pair)) for pair in pairs)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError(
                "the checkpoint belongs to another network, board, optimizer or version"
            ) from error

    def _train(self, batch: batches.TrainingBatch, progress: float) -> dict[str, torch.Tensor]:
        """Takes one step. Its metrics stay on the device, so that a GPU need not wait for Python."""
        packed, targets = self._to_device(batch)
        self._recent.append(packed)
        self._adapt_start(packed)
        rules = (self._config.schedule, self._config.optimizer)
        setting = schedules.at(*rules, self.step, progress, warm_from=self._grown_at)
        setting = setting._replace(rate=self.learning_rate_factor * setting.rate)
        optimizers.apply(self._optimizer, setting)
        if isinstance(self._optimizer, rso.Rso):
            metrics = self._search(self._optimizer, packed, targets)
        else:
            metrics = self._descend(self._optimizer, packed, targets)
        self.step += 1
        self.samples += len(batch.planes) * self._ranks.count
        self._ema.update_parameters(self._net)
        return {**metrics, "rate": torch.tensor(setting.rate).to(metrics["loss"])}

    def _descend(
        self, optimizer: optimizers.Optimizer, packed: DeviceInputs, targets: losses.LossTargets
    ) -> dict[str, torch.Tensor]:
        """Takes a gradient step. Returns metrics of the network before it, and the gradient norm."""
        with self._autocast():
            outputs = self._forward(*self._inputs(packed))
        loss, metrics = losses.compute(outputs, targets, self._config.training)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._net.parameters(), self._config.training.gradient_clip)
        optimizer.step()
        return {**metrics, "gradient_norm": norm}

    def _search(
        self, optimizer: rso.Rso, packed: DeviceInputs, targets: losses.LossTargets
    ) -> dict[str, torch.Tensor]:
        """Takes a step without gradients, in float32. Returns metrics of the network before it."""
        found: list[dict[str, torch.Tensor]] = []

        def loss_of_outputs(outputs: resnet.NetOutputs) -> torch.Tensor:
            loss, metrics = losses.compute(outputs, targets, self._config.training)
            found.append(metrics)
            return loss

        planes_BCHW, globals_BG = self._inputs(packed)
        optimizer.step(planes_BCHW.float(), loss_of_outputs, globals_BG.float())
        return {**found[0], "gradient_norm": torch.zeros_like(found[0]["loss"])}

    @torch.no_grad()
    def _evaluate(self, batch: batches.TrainingBatch) -> dict[str, torch.Tensor]:
        packed, targets = self._to_device(batch)
        with self._autocast():
            outputs = self._ema(*self._inputs(packed))
        metrics = losses.compute(outputs, targets, self._config.training)[1]
        return {**metrics, **losses.accuracies(outputs, targets)}

    @property
    def _ema_net(self) -> trainable.Network:
        assert isinstance(self._ema.module, trainable.Network)
        return self._ema.module

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16)

    def _to_device(self, batch: batches.TrainingBatch) -> tuple[DeviceInputs, losses.LossTargets]:
        """Inputs and targets, on the device."""
        packed = DeviceInputs(self._tensor(batch.planes), self._tensor(batch.globals))
        targets = losses.targets_of(batch, self._tensor)
        if self._is_policy_gradient:
            targets = targets._replace(is_free=losses.free_moves(self._inputs(packed)[0]))
        return packed, targets

    def _inputs(self, packed: DeviceInputs) -> tuple[torch.Tensor, torch.Tensor]:
        """Planes [B, C, N, N] and globals [B, G] for the network. N follows from the number of bytes."""
        dtype, num_planes = torch.bfloat16 if self._is_bf16 else torch.float32, self._net.num_planes
        size = packing.size_of(packed.planes_BK, num_planes)
        unpacked_BCHW = packing.unpack(packed.planes_BK, size, dtype, num_planes)
        return unpacked_BCHW.contiguous(memory_format=torch.channels_last), packed.globals_BG.to(dtype)

    def _adapt_start(self, packed: DeviceInputs) -> None:
        """Gives the norms of a loaded network of KataGo's family the statistics of the first batch."""
        if self.step == 0 and self._config.init.weights and isinstance(self._net, network.KataNet):
            with self._autocast():
                batch_norms.adapt(self._net, self._inputs(packed), self._ranks.mean_)

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        """A tensor that shares the array's memory if possible. Arrays of other processes may be read-only."""
        tensor = torch.from_numpy(np.require(array, requirements="W"))
        if self._device.type == "cpu":
            return tensor
        return tensor.pin_memory().to(self._device, non_blocking=True)

    def _update_ema(self, ema: Any, current: Any, count: Any) -> None:
        """Moves the EMA parameters towards the current ones.

        The decay starts low, so that the EMA forgets the random initial weights quickly.
        """
        training = self._config.training
        length = max(1.0, training.average_share * self.step)
        decay = min(max(training.average_decay, 1 - 1 / length), self.step / (self.step + 10))
        swa_utils.get_ema_multi_avg_fn(decay)(ema, current, count)

    def _refresh_statistics(self) -> None:
        """Computes the EMA network's batch-norm statistics from its own activations.

        Statistics of the network in training do not fit averaged weights (Izmailov et al. 2018, section 3.2).
        """
        if self._recent:
            with self._autocast():
                batch_norms.refresh(self._ema, map(self._inputs, self._recent))
            self._ranks.mean_(batch_norms.statistics(self._ema))


def check_start(config: schema.Config) -> None:
    """Raises ValueError with one line if `init.weights` or `net.growth` does not fit the run."""
    if config.init.weights is None and config.net.growth is None:
        return
    small = _make_network(config, torch.Generator())
    for stage in config.net.stages[1:]:
        _, large = _at_stage(config, stage)
        try:
            growth.grow(small, large, np.random.default_rng(0))
        except ValueError as error:
            raise ValueError(f"net.growth={stage}: {error}") from error
        small = large


def _at_stage(config: schema.Config, stage: str) -> tuple[schema.Config, trainable.Network]:
    """The settings and a network of one of `net.stages`, with weights that are to be replaced."""
    generator = torch.Generator().manual_seed(0)
    if stage == config.net.name:
        return config, _make_network(config, generator)
    net = config.net.resized(stage)
    return dataclasses.replace(config, net=net), trainable.make_network(config.game.size, net, generator)


def _make_network(config: schema.Config, generator: torch.Generator) -> trainable.Network:
    """The network of `init.weights`, or a new one."""
    size, start = config.game.size, config.init.weights
    if start is None:
        return trainable.make_network(size, config.net, generator)
    try:
        return trainable.from_weights(size, config.net, generator, network_weights.read(start))
    except OSError as error:
        raise ValueError(f"init.weights={start}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"init.weights={start}: {error}") from error


def _copy_to_cpu(tree: Any) -> Any:
    """The same nested dicts and lists with copies of all tensors, all of them on the CPU."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu() if tree.device.type != "cpu" else tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: _copy_to_cpu(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map(_copy_to_cpu, tree))
    return copy.deepcopy(tree)
