"""Load test of a run's services: python -m tools.simulate_cluster --gpus 8 32 256.

Drives the real replay buffer, weight store, reporter and supervisor with fake self-play clients and a fake
learner. They run on a cluster of two nodes on this machine, one for the services and one for the clients.

--gpus N: clients push games at the rate of the players on N GPUs, and the learner draws batches at the rate
of the GPUs that train. These rates are computed (tools/simulation/gpus.py). Computed loads of the services
are printed beside the measured ones.
--clients N: each client finishes games at the rate of a CPU actor.
--flat-out: clients push as many games as the replay buffer accepts.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from actors import memory
from actors import plan as plans
from alphazero.config import command_line, compose, schema
from alphazero.run_files import run_folder
from tools.simulation import budget, clients, games, gpus, run, services

_GAMES_MADE = 32
_PLIES = {9: 80, 19: 220}
_COUNT = command_line.whole_number(1, 1_000_000)
MIB = 2**20
_COSTS = {
    "push": ("replay_buffer", "add_games"),
    "batch_request": ("replay_buffer", "request_shards"),
    "replay_metrics": ("replay_buffer", "metrics"),
    "poll": ("weight_store", "newest_candidate"),
    "report": ("reporter", "record"),
    "snapshot": ("reporter", "snapshot"),
}
"""Calls whose times are printed."""


def main(arguments: list[str] | None = None) -> int:
    """Prints a line for each number of clients or GPUs and then the tables."""
    options = _parse(arguments)
    rows = []
    if options.gpus:
        config = compose.compose(_gpu_words(options))
        fleets = [fleet(options, config, count) for count in options.gpus]
        head = budget.Head(sync_ms=options.sync_ms)
        print("\n".join(budget.table(config, fleets, plies(options), head)), flush=True)
    for count in [] if options.computed else options.gpus or options.clients:
        name = "gpus" if options.gpus else "clients"
        row = simulate_gpus(options, count) if options.gpus else simulate(options, count)
        rows.append({name: count, **row})
        print(json.dumps(rows[-1]), flush=True)
        if options.output:
            with options.output.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    if rows:
        print("\n".join(table(rows)))
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_line.Parser(
        prog="python -m tools.simulate_cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--clients", type=_COUNT, nargs="+", default=[1, 4, 16, 64, 256])
    add("--gpus", type=command_line.whole_number(2, 100_000), nargs="+", help="instead of --clients")
    add("--computed", action="store_true", help="with --gpus: only the arithmetic, without Ray")
    add("--conf", default="9x9", help="9x9 or 19x19: sizes of games, batches and networks")
    add("--net", help="with --gpus: network, such as b10c128 or b20c256 (default: b10c128)")
    command_line.add_simulations(
        parser, most=1_000_000, meaning="with --gpus: for each move (default: the run's)"
    )
    add(
        "--tflops",
        type=command_line.number(1e-6, 1e6),
        default=gpus.SUSTAINED_TFLOPS,
        help="sustained by a GPU (default: %(default)s)",
    )
    add("--learners", type=_COUNT, help="GPUs that train (default: as many as keep up with self-play)")
    add(
        "--sync-ms",
        type=command_line.number(0, 1e4),
        default=budget.SYNC_MS,
        help="with --gpus: time of an fsync on the head's disk (default: %(default)s)",
    )
    add("--settings", nargs="+", default=[], metavar="KEY=VALUE", help="with --gpus: settings of the run")
    add("--plies", type=_COUNT, help="moves of a game (default: 80 on 9x9, 220 on 19x19)")
    add("--games-per-s", type=float, default=3.0, help="rate of each client")
    add("--games-per-push", type=_COUNT, default=2)
    add("--flat-out", action="store_true", help="push as many games as are accepted")
    add("--seconds", type=float, default=30.0, help="time of a measurement")
    add("--warm-up", type=float, default=5.0, metavar="SECONDS")
    add(
        "--publish",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="with --clients: interval between networks",
    )
    add("--talk", type=float, metavar="SECONDS", help="interval between reports of a client")
    add("--output", type=Path, help="a file to which the results are appended as JSON lines")
    options = parser.parse_args(arguments)
    if options.gpus and options.learners and options.learners >= min(options.gpus):
        parser.error(f"--learners {options.learners}: must be less than --gpus {min(options.gpus)}")
    try:
        compose.compose(_gpu_words(options))
    except ValueError as error:
        parser.error(str(error))
    return options


def simulate(options: argparse.Namespace, count: int) -> dict[str, float]:
    """One row: services and `count` clients on a new cluster, with a new run."""
    words = [f"conf={options.conf}", "training.max_lead_positions=1_000_000_000"]
    load = clients.ClientLoad(
        games_per_s=0.0 if options.flat_out else options.games_per_s,
        games_per_push=options.games_per_push,
        push_window=compose.compose(words).selfplay.push_window,
        talk_s=options.talk or plans.poll_interval_s(count),
    )
    return _simulate(options, words, load, count, services.LearnerLoad(publish_s=options.publish))


def simulate_gpus(options: argparse.Namespace, count: int) -> dict[str, float]:
    """One row: computed rates of players and learners on `count` GPUs, and the measurement of such a run."""
    config = compose.compose(_gpu_words(options))
    all_gpus = fleet(options, config, count)
    players = all_gpus.balance.players
    load = clients.ClientLoad(
        games_per_s=(count - all_gpus.learners) * all_gpus.rates.games_per_s / players,
        games_per_push=max(1, round(all_gpus.rates.games_per_push)),
        push_window=config.selfplay.push_window,
        talk_s=options.talk or plans.poll_interval_s(players),
    )
    learner = services.LearnerLoad(
        samples_per_s=all_gpus.learners * all_gpus.rates.samples_per_s, publish_s=None
    )
    row = _simulate(options, _gpu_words(options), load, players, learner)
    wanted = all_gpus.balance.positions_per_s / plies(options)
    return {
        "learners": all_gpus.learners,
        "players": players,
        "players_fed": all_gpus.balance.fed,
        "games_per_s_wanted": wanted,
        "samples_per_s_wanted": wanted * plies(options) * config.training.replay_ratio,
        "taken_fraction": row["games_per_s"] / wanted,
        **row,
    }


def fleet(options: argparse.Namespace, config: schema.Config, count: int) -> gpus.Fleet:
    """A fleet of `count` GPUs, some of which train."""
    rates = gpus.rates(config, plies(options), options.tflops)
    return gpus.fleet(config, rates, count, options.learners)


def _gpu_words(options: argparse.Namespace) -> list[str]:
    words = [f"conf={options.conf}", f"net={options.net or 'b10c128'}"]
    words += [f"search.num_simulations={options.simulations}"] if options.simulations else []
    return words + options.settings


def plies(options: argparse.Namespace) -> int:
    """Moves of a game."""
    size = compose.compose([f"conf={options.conf}"]).game.size
    return options.plies or _PLIES.get(size, size**2 * 2 // 3)


def _simulate(
    options: argparse.Namespace, words: list[str], load: clients.ClientLoad, count: int,
    learner: services.LearnerLoad,
) -> dict[str, float]:  # fmt: skip
    hosts = run.num_hosts(count)
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
        config = compose.compose([*words, *_always(hosts, folder)])
        places = run_folder.RunFolder(config.run.dir)
        places.open(config, "")
        made = games.make(config.game.size, plies(options), _GAMES_MADE, np.random.default_rng(0))
        # At least the size in a run's private cluster on this machine.
        store_bytes = max(run.STORE_BYTES, memory.object_store_bytes(config, memory.of_machine()))
        with run.two_nodes(hosts, store_bytes):
            fake = run.FakeRun(config, places, (load, made, count), learner)
            found = fake.measure(options.warm_up, options.seconds)
        places.close()
    return metrics(found, memory.network_bytes(config), config.training.batch_size)


def metrics(found: run.Measured, network_bytes: int, batch_size: int) -> dict[str, float]:
    """The metrics of a row by name."""
    waits = found.latencies if len(found.latencies) else np.zeros(1)
    median, late = (1e3 * float(np.percentile(waits, share)) for share in (50, 99))
    pushes = found.calls("replay_buffer", "add_games")
    costs = {}
    for name, (service, method) in _COSTS.items():
        costs[f"{name}_ms"], costs[f"{name}_cpu_ms"] = found.cost(service, method)
    return {
        "games_per_s": found.games / found.seconds,
        "positions_per_s": found.positions / found.seconds,
        "log_mib_per_s": found.log_bytes / found.seconds / MIB,
        "batches_per_s": found.batches / found.seconds,
        "samples_per_s": found.batches * batch_size / found.seconds,
        "push_wait_ms_median": median,
        "push_wait_ms_99": late,
        # Little's law: the number of pushes in the system is their rate times the time that each one takes.
        "pushes_waiting": pushes * float(waits.mean()),
        "pushes_per_s": pushes,
        "polls_per_s": found.calls("weight_store", "newest_candidate"),
        "reports_per_s": found.calls("reporter", "record"),
        # A push itself calls `state` once, for its reply.
        "questions_per_s": found.calls("replay_buffer", "state") - pushes,
        # A pause is counted when its last request is answered, which may have been sent earlier.
        "paused_fraction": min(1.0, found.counts.get("paused_ms", 0) / 1e3 / found.seconds / found.clients),
        **costs,
        **{f"busy {name}": found.busy(name) for name in found.spent},
        "networks_published": found.published,
        "fetches_of_each": found.fetched_bytes / max(1, found.published) / network_bytes,
        "store_mib": found.store_bytes / MIB,
        "spilled_mib": found.spilled_bytes / MIB,
        **{f"core {name}": share for name, share in sorted(found.cpu.items()) if share > 0.001},
        **{f"MiB {name}": size / MIB for name, size in sorted(found.memory.items())},
    }


def table(rows: list[dict[str, float]]) -> list[str]:
    """The metrics as Markdown, with a column for each number of clients or GPUs, a row's first metric."""
    first, *names = rows[-1]
    lines = [f"| {first} | " + " | ".join(f"{row[first]:.0f}" for row in rows) + " |"]
    lines.append("|---" * (len(rows) + 1) + "|")
    for name in names:
        cells = [f"{row[name]:,.4g}" if name in row else "-" for row in rows]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _always(hosts: int, folder: str) -> list[str]:
    """Settings that all simulations share."""
    return [
        f"run.dir={folder}/run",
        f"selfplay.num_actors={hosts}",
        "training.device=cpu",
        "training.min_positions=1",
        "ladder.games_per_network=0",
        "stop.minutes=null",
        "stop.promotions=null",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
