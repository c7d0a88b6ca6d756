"""Chaos test, which kills parts of a run at random and checks that nothing was lost: python -m tools.chaos.

The test runs in private network, mount and process namespaces, so that nothing is left behind and no other
Ray cluster is touched. It needs root. Exit codes: 0 all checks pass, 1 a check fails, 2 not possible here.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from alphazero.config import command_line
from tools.chaos import killer, verify, watch, world
from tools.chaos import record as chaos_records

_WORLD = ["unshare", "-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc"]
# The first process of a PID namespace must reap orphaned processes; a shell does.
_INSIDE = """
set -e
ip link set lo up
mkdir -p /tmp/ray "$DISK"
mount -t tmpfs tmpfs /tmp/ray
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o size=400m tmpfs "$DISK"
"$@" &
wait $!
"""
_IS_INSIDE = "ALPHAZERO_CHAOS"
_FIRST_S, _LAST_S = 600.0, 300.0

IsDone = Callable[[chaos_records.RunSample], bool]


def main(arguments: list[str] | None = None) -> int:
    """Runs the same command again in private namespaces; inside them, runs the test."""
    options = _parser().parse_args(arguments)
    folder = options.folder.absolute()
    if _IS_INSIDE in os.environ:
        return _run(options, folder)
    reason = why_not()
    if not reason and folder.exists() and any(folder.iterdir()):
        reason = f"--folder {folder}: is not empty"
    if reason:
        print(f"tools.chaos: {reason}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / "home"
    home.mkdir()
    environment = {
        **os.environ,
        _IS_INSIDE: "1",
        # Compiled kernels are kept for the next time; the rest of the home folder is private.
        "ALPHAZERO_CACHE_DIR": os.environ.get("ALPHAZERO_CACHE_DIR")
        or str(Path.home() / ".cache" / "alphazero"),
        "DISK": str(folder / "disk"),
        "HOME": str(home),
        "PYTHONPATH": str(world.PROJECT),
        "RAY_AUTH_MODE": "token",
        # By default Ray's workers have a low priority, and would stand still on a busy machine.
        "RAY_worker_niceness": "0",
        "RAY_raylet_start_wait_time_s": "120",
    }
    environment.pop("RAY_ADDRESS", None)
    again = [sys.executable, "-m", "tools.chaos", *(sys.argv[1:] if arguments is None else arguments)]
    # Replaces this process, so that killing it ends everything inside the namespaces.
    os.execvpe(_WORLD[0], [*_WORLD, "bash", "-c", _INSIDE, "chaos", *again], environment)


def why_not() -> str:
    """Why private namespaces are not possible here; empty if they are."""
    missing = [name for name in ("unshare", "ip", "bash") if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    done = subprocess.run([*_WORLD, "ip", "link"], capture_output=True)
    return "needs root, for private namespaces" if done.returncode else ""


def _parser() -> argparse.ArgumentParser:
    parser = command_line.Parser(prog="python -m tools.chaos", description=__doc__)
    words = "more settings of the run, such as net=kata-b4c32"
    parser.add_argument("words", nargs="*", metavar="KEY=VALUE", help=words)
    parser.add_argument("--minutes", type=command_line.number(0.5, 600), default=10.0)
    parser.add_argument("--kills", type=command_line.whole_number(1, 1000), default=32)
    parser.add_argument("--faults", type=command_line.whole_number(0, 2), default=2)
    parser.add_argument("--seed", type=command_line.whole_number(0, 2**31), default=0)
    parser.add_argument("--folder", type=Path, default=Path("runs/chaos"))
    return parser


def _run(options: argparse.Namespace, folder: Path) -> int:
    """Runs the test inside the namespaces: cluster, run, kills, report."""
    disk = folder / "disk"
    token = [str(Path(sys.executable).with_name("ray")), "get-auth-token", "--generate"]
    subprocess.run(token, check=True, capture_output=True)
    watcher = watch.Watcher(disk / "run")
    cluster = world.Cluster(folder)
    driver = world.Driver(disk / "run", folder / "driver.log", options.words)
    watcher.start()
    rng = random.Random(options.seed)
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    def progress() -> tuple[int, int] | None:
        return watcher.newest and (watcher.newest.games, watcher.newest.checkpoint)

    attacker = killer.Killer(cluster, driver, world.FullDisk(disk), rng, tell, progress)
    if not _wait(watcher, attacker, _FIRST_S, lambda now: min(now.games, now.checkpoint, now.promotions) > 0):
        print(f"tools.chaos: no promotion after {_FIRST_S:.0f} s: {driver.last_words()}", file=sys.stderr)
        return 1
    tell("the run works: kills begin")
    attacker.rage(killer.deck(options.kills, options.faults, rng), 60 * options.minutes)
    tell("all kills are done")
    attacker.heal()
    last = watcher.newest
    _wait(watcher, attacker, _LAST_S, lambda now: last is not None and _is_beyond(now, last))
    code = driver.end()
    if code != 130:
        attacker.failures.append(f"the driver ended with {code} at Ctrl-C")
    watcher.record.blows, watcher.record.failures = attacker.blows, attacker.failures
    record = watcher.stop()
    shutil.copytree(disk / "run", folder / "run")
    return _report(options, record, folder / "chaos.json")


def _is_beyond(now: chaos_records.RunSample, last: chaos_records.RunSample) -> bool:
    pairs = ((now.games, last.games), (now.checkpoint, last.checkpoint), (now.promotions, last.promotions))
    return all(after > before for after, before in pairs)


def _wait(watcher: watch.Watcher, attacker: killer.Killer, seconds: float, is_done: IsDone) -> bool:
    """Whether `is_done` holds for the run's files within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        attacker.watch_driver(1.0)
        if watcher.newest is not None and is_done(watcher.newest):
            return True
    return False


def _report(options: argparse.Namespace, record: chaos_records.ChaosRecord, path: Path) -> int:
    found = verify.verify(record, wants_promotion=options.minutes >= 5)
    recovered = verify.recoveries(record)
    totals = {
        "kills": len(record.kills),
        "games": len(record.games),
        "torn": len(record.corruptions),
        "promotions": len(record.networks),
        "checkpoint": record.samples[-1].checkpoint if record.samples else 0,
        "learner_returns": len(verify.restores(record)),
    }
    passed = not any(found.values()) and len(record.kills) >= options.kills
    content = {
        "passed": passed,
        "seed": options.seed,
        "minutes": options.minutes,
        "totals": totals,
        "problems": found,
        "recovery_s": recovered,
        "blows": [asdict(blow) for blow in record.blows],
    }
    path.write_text(json.dumps(content, indent=1))
    print("\n" + "  ".join(f"{name} {value}" for name, value in totals.items()))
    print(f"\n{'what':14}{'times':>6}{'median s':>10}{'worst s':>9}")
    for kind, times, middle, worst, never in verify.table(recovered):
        print(
            f"{kind:14}{times:>6}{middle:>10.1f}{worst:>9.1f}{f'  {never} not before the end' * bool(never)}"
        )
    print()
    for name, reasons in found.items():
        print(f"{'holds' if not reasons else 'BROKEN'}: {name}")
        for reason in reasons[:5]:
            print(f"    {reason}")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
