"""Training samples per second: `learner.<net>`, and of several ranks: `learner.<net>.ranks<K>`."""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from alphazero.benchmarks import figures, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import record as records
from alphazero.data import replay
from alphazero.go import board, game, geometry
from alphazero.net import hardware, leela, packing, resnet
from alphazero.training import learner, optimizers, ranks

_BATCH_SIZE = 256
_NUM_POSITIONS = 4096
_ROUNDS = 10
"""Turns, so that other work on the machine meets both sides."""
_NUM_WARM_UP = 3
_START_S = 300.0


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """The learner with all that belongs to its step: drawing, symmetries, averaging, figures.

    The limit is a bare step of the same network and optimizer, on tensors that lie on its device already:
    forward, losses, backward, update. With several ranks the limit is as many times what one reaches.
    """
    for net in options.nets:
        yield _measure_step(net, options)
        if options.num_ranks > 1:
            yield _measure_ranks(net, options)


def _measure_step(net: net_config.NetConfig, options: settings.Settings) -> figures.Figure:
    config = _make_config(net, options, batch_size=_BATCH_SIZE)
    window = _make_window(config)
    trained, bare = _Learning(config, window), _BareStep(config, window)
    sides: list[tuple[Callable[[], int], list[float]]] = [(trained.step, []), (bare.step, [])]
    for step, _ in sides:
        for _ in range(_NUM_WARM_UP):
            step()
    for _ in range(_ROUNDS):
        for step, rates in sides:
            rates.append(figures.rate(step, options.seconds / (2 * _ROUNDS), options.clock))
    value, limit = (statistics.median(rates) for _, rates in sides)
    return figures.Figure(
        name=f"learner.{net.name}",
        value=value,
        unit="samples/s",
        limit=limit,
        setup=_setup(options) | {"optimizer": config.optimizer.name.value, **_share_of_peak(config, value)},
    )


def _measure_ranks(net: net_config.NetConfig, options: settings.Settings) -> figures.Figure:
    """Wall-clock time: ranks wait for one another. Turns of one rank and of all."""
    rates: dict[int, list[float]] = {1: [], options.num_ranks: []}
    for _ in range(3):
        for count, found in rates.items():
            found.append(_samples_per_s(net, options, count))
    return figures.Figure(
        name=f"learner.{net.name}.ranks{options.num_ranks}",
        value=statistics.median(rates[options.num_ranks]),
        unit="samples/s",
        limit=options.num_ranks * statistics.median(rates[1]),
        setup=_setup(options) | {"batch of all": _BATCH_SIZE * options.num_ranks},
    )


def _samples_per_s(net: net_config.NetConfig, options: settings.Settings, count: int) -> float:
    """What `count` ranks reach together, each with batches of the usual size."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, futures.ProcessPoolExecutor(count, context) as pool:
        address = (Path(folder) / "rendezvous").as_uri()
        found = [pool.submit(_run_rank, number, address, count, net, options) for number in range(count)]
        return sum(future.result() for future in found)


def _run_rank(
    number: int,
    address: str,
    count: int,
    net: net_config.NetConfig,
    options: settings.Settings,
) -> float:
    """One process: a few steps, whose time tells how many fit, then those; their samples/s."""
    config = _make_config(net, options, batch_size=count * _BATCH_SIZE)
    group = ranks.join(address, number, count, _device_of(config, number), _START_S)
    learning = _Learning(config, _make_window(config), group)
    learning.step()
    # All must take the same number of steps, so they agree on one.
    step_s = torch.tensor([_seconds_of(learning, _NUM_WARM_UP) / _NUM_WARM_UP])
    group.mean_([step_s])
    num_steps = max(2, round(options.seconds / 4 / step_s.item()))
    rate = num_steps * _BATCH_SIZE / _seconds_of(learning, num_steps)
    group.leave()
    return rate


def _seconds_of(learning: "_Learning", num_steps: int) -> float:
    """Wall-clock time of so many steps."""
    began = time.perf_counter()
    for _ in range(num_steps):
        learning.step()
    return time.perf_counter() - began


class _Learning:
    """A learner fed from a replay window, as in a run; one call trains on a few batches."""

    def __init__(
        self, config: schema.Config, window: replay.ReplayWindow, group: ranks.Ranks | None = None
    ) -> None:
        self._learner = learner.Learner(config, group)
        self._window = window
        self._rng = np.random.default_rng(0)

    def step(self) -> int:
        """One step; the samples of this rank."""
        self._learner.train([self._window.sample(_BATCH_SIZE, self._rng)], progress=0)
        return _BATCH_SIZE


class _BareStep:
    """What no learner can do without, again and again on the same tensors."""

    def __init__(self, config: schema.Config, window: replay.ReplayWindow) -> None:
        training = config.training
        device = hardware.pick_device(training.device)
        self._is_bf16 = hardware.is_bf16(training.precision, device)
        net = resnet.ResNet(config.game.size, config.net, torch.Generator().manual_seed(1))
        self._net = hardware.place(net, device).train()
        self._optimizer = optimizers.make(config.optimizer, self._net)
        self._device = device
        batch = window.sample(_BATCH_SIZE, np.random.default_rng(0))
        dtype = torch.bfloat16 if self._is_bf16 else torch.float32
        packed = torch.from_numpy(batch.planes).to(device)
        self._planes = packing.unpack(packed, config.game.size, dtype).contiguous(
            memory_format=torch.channels_last
        )
        self._policy = torch.from_numpy(batch.policy).to(device)
        self._chance = (1 + torch.from_numpy(batch.value).to(device)) / 2
        assert batch.ownership is not None
        self._owners = (1 + torch.from_numpy(batch.ownership).to(device).float()) / 2

    def step(self) -> int:
        """Forward, three losses, backward, clipping, update; the samples."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16):
            outputs = self._net(self._planes)
        assert outputs.ownership_logits is not None
        cross_entropy = functional.binary_cross_entropy_with_logits
        loss = functional.cross_entropy(outputs.policy_logits, self._policy)
        loss = loss + cross_entropy(2 * outputs.value_logit, self._chance)
        loss = loss + 0.5 * cross_entropy(outputs.ownership_logits, self._owners)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 5.0)
        self._optimizer.step()
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return _BATCH_SIZE


def _make_config(net: net_config.NetConfig, options: settings.Settings, batch_size: int) -> schema.Config:
    return schema.Config(
        game=game_config.GameConfig(size=options.size, komi=7),
        net=net,
        replay=replay_config.ReplayConfig(min_window=_NUM_POSITIONS, max_window=_NUM_POSITIONS),
        training=training_config.TrainingConfig(
            batch_size=batch_size,
            num_ranks=batch_size // _BATCH_SIZE,
            device=training_config.Device(options.device),
        ),
    )


def _device_of(config: schema.Config, number: int) -> torch.device:
    device = hardware.pick_device(config.training.device)
    return torch.device("cuda", number) if device.type == "cuda" else device


def _make_window(config: schema.Config) -> replay.ReplayWindow:
    """Full of random games, whose positions cost what real ones do."""
    window, rng = replay.ReplayWindow(config.game.size, config.replay), np.random.default_rng(0)
    while len(window) < _NUM_POSITIONS:
        window.add(_random_game(config.game, rng))
    return window


def _random_game(rules: game_config.GameConfig, rng: np.random.Generator) -> records.GameRecord:
    """Random legal moves up to a length that is usual for the board."""
    points = rules.size**2
    tables, scratch = geometry.make(rules.size), board.make_scratch(points)
    position, legal = game.new_games(1, rules), np.zeros(points + 1, np.bool_)
    moves: list[int] = []
    while not position[0]["over"] and len(moves) < points:
        game.legal_actions(tables, position, 0, legal)
        moves.append(int(rng.choice(np.flatnonzero(legal))))
        game.play(tables, position, scratch, 0, moves[-1])
    owners = rng.integers(-1, 2, points).astype(np.int8)
    score = float(int(owners.sum(dtype=np.int64)) - rules.komi)
    return records.GameRecord(
        game_id=str(rng.random()),
        size=rules.size,
        komi=rules.komi,
        suicide=rules.suicide,
        move_limit=rules.moves_at_most,
        moves=np.array(moves, np.int16),
        num_played=len(moves),
        policy=rng.dirichlet(np.full(points + 1, 0.1), len(moves)).astype(np.float16),
        root_values=rng.uniform(-1, 1, len(moves)).astype(np.float32),
        surprise=np.full(len(moves), np.nan, np.float32),
        winner=int(np.sign(score)),
        score=score,
        ownership=owners,
        end="limit",
        oldest_weights=0,
        newest_weights=0,
        num_simulations=1,
        may_resign=True,
    )


def _setup(options: settings.Settings) -> dict[str, Any]:
    return {
        "board": f"{options.size}x{options.size}",
        "batch": _BATCH_SIZE,
        "device": str(hardware.pick_device(training_config.Device(options.device))),
        "ranks": options.num_ranks,
    }


def _share_of_peak(config: schema.Config, samples_per_s: float) -> dict[str, Any]:
    """Precision, and which part of what a large product of matrices reaches here the step makes use of."""
    device = hardware.pick_device(config.training.device)
    is_bf16 = hardware.is_bf16(config.training.precision, device)
    dtype = torch.bfloat16 if is_bf16 else torch.float32
    side = 8192 if device.type == "cuda" else 1024
    matrix = torch.rand((side, side), device=device, dtype=dtype)

    def multiply() -> int:
        (matrix @ matrix)[0, 0].item()
        return 2 * side**3

    multiply()
    peak = max(figures.rate(multiply, 0.2, time.perf_counter) for _ in range(3))
    share = samples_per_s * _flops(config) / peak
    return {"precision": "bf16" if is_bf16 else "fp32", "share of matrix peak": round(share, 3)}


def _flops(config: schema.Config) -> int:
    """Floating-point operations of one sample's step: the tower forward, and twice that backward."""
    net, points = config.net, config.game.size**2
    kernels = 9 * net.filters * (leela.NUM_PLANES + 2 * net.blocks * net.filters)
    return 3 * 2 * points * kernels
