"""Computed loads of a run's services: the first one at its limit, and the number of GPUs there.

The costs were measured by `tools.simulate_cluster` (docs/scaling.md); disk and network card of the head are
assumptions. A load is a share of a part's capacity. All loads except `object store` grow with the GPUs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from actors import memory
from actors import plan as plans
from alphazero.config import schema
from alphazero.net import operations
from tools.simulation import gpus

REPLAY_BUFFER = "replay buffer"
_PART = f"{REPLAY_BUFFER}: "
SYNC_MS = 3.0
_GPUS_OF_A_NODE = 8
_REPORT_MS, _POLL_MS, _STATE_MS = 1.4, 1.6, 0.016
"""CPU time, including Ray's: a report, a poll for weights, and the driver's poll of each actor's state."""
_POLLS_PER_S, _TOTALS_MS = 2, 6.0
"""Rate of the driver's polls, and CPU time of the replay buffer's totals in each."""
_QUESTIONS_PER_S, _QUESTION_MS = 5, 0.3
"""Rate and CPU time of the requests of each player that waits for the learner (`actors.selfplay`)."""
_COPIES_PER_S = 2e9
"""Bytes per second that a process copies into the object store."""
_STATES_OF_A_NETWORK = 4
"""Copies of the weights in a checkpoint: weights, their average and two moments."""
_NETWORKS, _REQUESTS, _BATCHES = 6, 2, 64
"""Maximum numbers in the object store: networks, requests for batches, and batches of each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The driver's machine, which runs the services and has the run's folder."""

    sync_ms: float = SYNC_MS
    """Time of an fsync: well below 1 on a local NVMe disk, up to 15 on a network disk."""
    disk_bytes_per_s: float = 500e6
    card_bytes_per_s: float = 25e9 / 8
    store_bytes: float = 19 * 2**30
    """Size of the object store: 30 % of 64 GiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """CPU time of the replay buffer, including Ray's, and size of a game."""

    push_ms: float
    """Fixed cost of a push."""
    position_us: float
    """Cost of each position in a push."""
    sample_us: float
    """Cost of each drawn position."""
    game_bytes: float
    """Size of a game in the log."""


class ServiceLoad(NamedTuple):
    """Load of a part of the run."""

    name: str
    share: float  # 1 is full


def costs(config: schema.Config, moves: int) -> Costs:
    """Costs as measured on 9x9 and 19x19, interpolated by the number of points in between."""
    points = config.game.size**2
    return Costs(
        push_ms=1.5,
        position_us=3.1 + 0.0225 * points,
        sample_us=0.95 + 0.0225 * points,
        game_bytes=moves * (1.75 * points + 20),
    )


def loads(config: schema.Config, fleet: gpus.Fleet, moves: int, head: Head) -> list[ServiceLoad]:
    """Load of each part if players and learners are limited by the replay ratio only; the highest first."""
    players = fleet.balance.players
    talks = players / plans.poll_interval_s(players)
    batches = samples_per_s(config, fleet) / config.training.batch_size
    network = memory.network_bytes(config)
    publications = batches / config.training.publish_steps
    checkpoints = batches / config.training.checkpoint_steps
    nodes = -(-(fleet.gpus - fleet.learners) // _GPUS_OF_A_NODE)
    game, games_per_s = costs(config, moves).game_bytes, fleet.balance.positions_per_s / moves
    pushes = config.selfplay.push_window * players * fleet.rates.games_per_push * game
    under_way = _NETWORKS * network + _REQUESTS * _BATCHES * memory.batch_bytes(config) + pushes
    shares = {
        **_of_replay_buffer(config, fleet, moves, head),
        "weight store": talks * _POLL_MS / 1e3 + publications * network / _COPIES_PER_S,
        "reporter": (talks * _REPORT_MS + _POLLS_PER_S * players * _STATE_MS) / 1e3,
        "disk (game log)": games_per_s * game / head.disk_bytes_per_s,
        "disk (checkpoints)": checkpoints * _STATES_OF_A_NETWORK * network / head.disk_bytes_per_s,
        "network card (games)": games_per_s * game / head.card_bytes_per_s,
        "network card (batches)": batches * memory.batch_bytes(config) / head.card_bytes_per_s,
        # A node fetches a network once, and skips those that are replaced before one of its players polls.
        "network card (weights)": min(publications * nodes, talks) * network / head.card_bytes_per_s,
        "object store": under_way / head.store_bytes,
    }
    return sorted((ServiceLoad(name, share) for name, share in shares.items()), key=lambda load: -load.share)


def first(config: schema.Config, fleet: gpus.Fleet, moves: int, head: Head) -> str:
    """A line that names the part with the highest load."""
    found = next(load for load in loads(config, fleet, moves, head) if not load.name.startswith(_PART))
    verb = "is full" if found.share >= 1 else "would be full first"
    return f"{fleet.gpus} GPUs: the {found.name} {verb}, at {found.share:.2g} of what it can do"


def samples_per_s(config: schema.Config, fleet: gpus.Fleet) -> float:
    """Samples per second that the replay ratio grants the learners."""
    return config.training.replay_ratio * fleet.balance.positions_per_s


def table(config: schema.Config, fleets: Sequence[gpus.Fleet], moves: int, head: Head) -> list[str]:
    """Rates of self-play and training of fleets of the same GPU, and the load of each part, as Markdown."""
    cost, day = costs(config, moves), 24 * 3600 / 1e12
    rows: dict[str, list[float]] = {
        "GPUs that train": [fleet.learners for fleet in fleets],
        "players": [fleet.balance.players for fleet in fleets],
        "players fed": [fleet.balance.fed for fleet in fleets],
        "games/s": [fleet.balance.positions_per_s / moves for fleet in fleets],
        "positions/s": [fleet.balance.positions_per_s for fleet in fleets],
        "samples/s": [samples_per_s(config, fleet) for fleet in fleets],
    }
    rows["TB of game log a day"] = [games * cost.game_bytes * day for games in rows["games/s"]]
    shares = [dict(loads(config, fleet, moves, head)) for fleet in fleets]
    for name in sorted(shares[-1], key=lambda name: -shares[-1][name]):
        rows[f"load of the {name}"] = [of_fleet[name] for of_fleet in shares]
    return [
        _introduction(config, fleets[0].rates, moves),
        "",
        "| GPUs | " + " | ".join(f"{fleet.gpus}" for fleet in fleets) + " |",
        "|---" * (len(fleets) + 1) + "|",
        *(f"| {name} | " + " | ".join(map(_short, values)) + " |" for name, values in rows.items()),
        "",
        *(first(config, fleet, moves, head) for fleet in fleets),
        *(f"{fleet.gpus} GPUs: {fleet.balance.text()}" for fleet in fleets),
    ]


def _of_replay_buffer(
    config: schema.Config, fleet: gpus.Fleet, moves: int, head: Head
) -> dict[str, float]:  # fmt: skip
    """Loads of the replay buffer's one thread, in total and by task; waiting for the disk is included."""
    cost, balance = costs(config, moves), fleet.balance
    pushes = balance.positions_per_s / moves / fleet.rates.games_per_push
    waiting = balance.players * (1 - balance.self_play_fraction)
    parts = {
        "pushes": pushes * cost.push_ms / 1e3 + balance.positions_per_s * cost.position_us / 1e6,
        "disk syncs": pushes * head.sync_ms / 1e3,
        "batches": samples_per_s(config, fleet) * cost.sample_us / 1e6,
        "questions of players that wait": waiting * _QUESTIONS_PER_S * _QUESTION_MS / 1e3,
        "totals": _POLLS_PER_S * _TOTALS_MS / 1e3,
    }
    return {REPLAY_BUFFER: sum(parts.values()), **{_PART + name: share for name, share in parts.items()}}


def _introduction(config: schema.Config, rates: gpus.Rates, moves: int) -> str:
    size, gflop = config.game.size, operations.evaluation_operations(config.net, config.game.size) / 1e9
    return (
        f"{config.net.name} on {size}x{size}, {gflop:.2f} GFLOP an evaluation, "
        f"{config.search.num_simulations} simulations a move, {moves} moves a game. "
        f"A GPU with {rates.players} players: {rates.evaluations_per_s:,.0f} evaluations/s, "
        f"{rates.positions_per_s:,.0f} positions/s, {rates.games_per_s:.3g} games/s; "
        f"a GPU that trains: {rates.samples_per_s:,.0f} samples/s"
    )


def _short(value: float) -> str:
    """Three digits, without exponents."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
