"""Training samples per second: `learner.<net>`, and of several ranks: `learner.<net>.ranks<K>`."""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import numpy as np

from alphazero import files
from alphazero.benchmarks import figures, peaks, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import record as records
from alphazero.data import replay
from alphazero.go import board, game, geometry
from alphazero.net import hardware, operations
from alphazero.training import learner, limits, ranks

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
            yield measure_ranks(net, options)


def _measure_step(net: net_config.NetConfig, options: settings.Settings) -> figures.Figure:
    config = _make_config(net, options, num_ranks=1)
    window = _make_window(config)
    drawn = window.sample(options.batch_size, np.random.default_rng(0))
    trained, bare = _Learning(config, window), limits.BareStep(config, drawn)
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


def measure_ranks(
    net: net_config.NetConfig, options: settings.Settings, num_turns: int = 3
) -> figures.Figure:
    """Wall-clock time: ranks wait for one another. Turns of one rank and of all.

    RuntimeError if a rank fails, or if ranks that learn together end with different networks.
    """
    rates: dict[int, list[float]] = {1: [], options.num_ranks: []}
    for _ in range(num_turns):
        for count, found in rates.items():
            found.append(_samples_per_s(net, options, count))
    return figures.Figure(
        name=f"learner.{net.name}.ranks{options.num_ranks}",
        value=statistics.median(rates[options.num_ranks]),
        unit="samples/s",
        limit=options.num_ranks * statistics.median(rates[1]),
        setup=_setup(options) | {"batch of all": options.batch_size * options.num_ranks},
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
    config = _make_config(net, options, num_ranks=count)
    group = ranks.join(address, number, count, hardware.pick_device(config.training.device, number), _START_S)
    learning = _Learning(config, _make_window(config), group)
    learning.step()
    # All must take the same number of steps, so they agree on one.
    step_s = group.mean(_seconds_of(learning, _NUM_WARM_UP) / _NUM_WARM_UP)
    num_steps = max(2, round(options.seconds / 4 / step_s))
    rate = num_steps * options.batch_size / _seconds_of(learning, num_steps)
    networks = group.all(learning.digest())
    group.leave()
    require_one_network(networks)
    return rate


def require_one_network(digests: Sequence[str]) -> None:
    """RuntimeError if ranks that learned together, one digest each, ended with different networks."""
    if len(set(digests)) > 1:
        raise RuntimeError(f"{len(digests)} ranks ended with {len(set(digests))} different networks")


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
        self._batch_size = config.training.batch_size // config.training.num_ranks
        # Each rank draws samples of its own: only then do ranks that share no gradients end apart.
        self._rng = np.random.default_rng(0 if group is None else group.number)

    def step(self) -> int:
        """One step; the samples of this rank."""
        self._learner.train([self._window.sample(self._batch_size, self._rng)], progress=0)
        return self._batch_size

    def digest(self) -> str:
        """Of the averaged network's kernels; all ranks must call this alike."""
        tower = self._learner.candidate().tower
        return files.sha256(b"".join(layer.kernel.tobytes() for layer in tower))


def _make_config(net: net_config.NetConfig, options: settings.Settings, num_ranks: int) -> schema.Config:
    return schema.Config(
        game=game_config.GameConfig(size=options.size, komi=7),
        net=net,
        replay=replay_config.ReplayConfig(min_window=_NUM_POSITIONS, max_window=_NUM_POSITIONS),
        training=training_config.TrainingConfig(
            batch_size=num_ranks * options.batch_size,
            num_ranks=num_ranks,
            compile=options.is_compiled,
            device=training_config.Device(options.device),
        ),
    )


def _make_window(config: schema.Config) -> replay.ReplayWindow:
    """Full of random games, whose positions cost what real ones do."""
    window = replay.ReplayWindow(config.game.size, config.replay, config.net.targets)
    rng = np.random.default_rng(0)
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
        "batch": options.batch_size,
        "device": str(hardware.pick_device(training_config.Device(options.device))),
        "ranks": options.num_ranks,
    }


def _share_of_peak(config: schema.Config, samples_per_s: float) -> dict[str, Any]:
    """Precision, and which part of what a large product of matrices reaches here the step makes use of."""
    peak = peaks.of_training(config.training)
    share = peak.share(samples_per_s * operations.step_operations(config.net, config.game.size))
    return {"precision": peak.precision, figures.SHARE_OF_PEAK: share}
