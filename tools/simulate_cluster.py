"""What the services of a run cost: python -m tools.simulate_cluster --clients 1 4 16 64 256.

Drives the real replay buffer, weight store, reporter and supervisor with fake self-play clients on a cluster
of two nodes on this machine: one has the services, the other the clients. By default each client finishes
games at the rate of a real actor; --flat-out lets them push as much as is taken.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from actors import memory
from actors import plan as plans
from alphazero.config import compose, schema
from alphazero.data import run_folder
from tools.simulation import clients, games, run

_GAMES_MADE = 32
MIB = 2**20
_COSTS = {
    "push": ("replay_buffer", "add_games"),
    "batch_request": ("replay_buffer", "request_shards"),
    "replay_figures": ("replay_buffer", "figures"),
    "poll": ("weight_store", "newest_candidate"),
    "report": ("reporter", "record"),
    "snapshot": ("reporter", "snapshot"),
}
"""Calls whose time is told."""


def main(arguments: list[str] | None = None) -> int:
    """Prints a line for each number of clients and then the tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulate_cluster", description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--conf", default="9x9", help="9x9 or 19x19: sizes of games, batches and networks")
    parser.add_argument("--plies", type=int, default=80, help="moves of a game")
    parser.add_argument("--games-per-s", type=float, default=3.0, help="of each client")
    parser.add_argument("--games-per-push", type=int, default=2)
    parser.add_argument("--flat-out", action="store_true", help="as many games as are taken")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured, for each number of clients")
    parser.add_argument("--warm-up", type=float, default=5.0, metavar="SECONDS")
    parser.add_argument("--publish", type=float, default=5.0, metavar="SECONDS", help="between two networks")
    parser.add_argument("--talk", type=float, metavar="SECONDS", help="between two reports of a client")
    parser.add_argument("--output", type=Path, help="a file to which the figures are added as JSON lines")
    options = parser.parse_args(arguments)
    rows = []
    for count in options.clients:
        rows.append({"clients": count, **simulate(options, count)})
        print(json.dumps(rows[-1]), flush=True)
        if options.output:
            with options.output.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print("\n".join(table(rows)))
    return 0


def simulate(options: argparse.Namespace, count: int) -> dict[str, float]:
    """One row: services and `count` clients on a fresh cluster, with a fresh run."""
    hosts = -(-count // run.HOST_CLIENTS)
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
        config = _config(options, hosts, folder)
        places = run_folder.RunFolder(config.run.dir)
        places.open(config, "")
        made = games.make(config.game.size, options.plies, _GAMES_MADE, np.random.default_rng(0))
        load = clients.Load(
            games_per_s=0.0 if options.flat_out else options.games_per_s,
            games_per_push=options.games_per_push,
            push_window=config.selfplay.push_window,
            talk_s=options.talk or plans.talk_interval_s(count),
        )
        with run.two_nodes(hosts):
            fake = run.FakeRun(config, places, (load, made, count), options.publish)
            found = fake.measure(options.warm_up, options.seconds)
        places.close()
    return figures(found, memory.network_bytes(config))


def figures(found: run.Measured, network_bytes: int) -> dict[str, float]:
    """The figures of a row by name."""
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
        "push_wait_ms_median": median,
        "push_wait_ms_99": late,
        # Little's law: those that wait or are served are as many as come in the time that one stays.
        "pushes_waiting": pushes * float(waits.mean()),
        "pushes_per_s": pushes,
        "polls_per_s": found.calls("weight_store", "newest_candidate"),
        "reports_per_s": found.calls("reporter", "record"),
        **costs,
        "networks_published": found.published,
        "fetches_of_each": found.fetched_bytes / max(1, found.published) / network_bytes,
        **{f"core {name}": share for name, share in sorted(found.cpu.items()) if share > 0.001},
        **{f"MiB {name}": size / MIB for name, size in sorted(found.memory.items())},
    }


def table(rows: list[dict[str, float]]) -> list[str]:
    """The figures as Markdown, a column for each number of clients."""
    names = [name for name in rows[-1] if name != "clients"]
    lines = ["| | " + " | ".join(f"{row['clients']:.0f}" for row in rows) + " |"]
    lines.append("|---" * (len(rows) + 1) + "|")
    for name in names:
        cells = [f"{row[name]:,.4g}" if name in row else "-" for row in rows]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _config(options: argparse.Namespace, hosts: int, folder: str) -> schema.Config:
    words = [f"conf={options.conf}", f"run.dir={folder}/run", f"selfplay.num_actors={hosts}"]
    words += [
        "training.device=cpu",
        "training.max_lead_positions=1_000_000_000",
        "ladder.games_per_network=0",
    ]
    words += ["training.min_positions=1"]
    words += ["ladder.games_per_network=0", "stop.minutes=null", "stop.promotions=null"]
    return compose.compose(words)


if __name__ == "__main__":
    raise SystemExit(main())
