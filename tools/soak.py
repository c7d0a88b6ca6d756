"""Soak test of a run's memory: python -m tools.soak --minutes 30 runs/soak.

Plays and trains at the smoke test's size and samples every process of the run: memory, open files, threads
and the object store. Writes the samples to FOLDER/soak.csv and the curves to FOLDER/soak.svg. The exit code
is 1 if a process grows by more than `tools.flatness.BOUNDS` after the first ten minutes.
"""

import argparse
import csv
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from tools import flatness, proc_samples, ray_metrics

_COLUMNS: Sequence[str] = ("time_s", "pid", "name", "rss", "own", "files", "threads", "cpu_s")
_STORE = "object store"
_STOP_S = 120.0


def main(arguments: list[str] | None = None) -> int:
    """Runs a soak, or evaluates the samples of an earlier one."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("folder", type=Path, help="for the run and the samples")
    parser.add_argument("words", nargs="*", help="more settings of the run, such as conf=9x9")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    parser.add_argument("--judge", action="store_true", help="read FOLDER/soak.csv instead of running")
    parser.add_argument("--figure", type=Path, help="instead of FOLDER/soak.svg")
    options = parser.parse_args(arguments)
    table = options.folder / "soak.csv"
    code = 0 if options.judge else soak(options, table)
    samples, seconds = read(table)
    rows = flatness.judge(samples, seconds)
    start = flatness.start_of(seconds)
    print(f"{seconds / 60:.0f} minutes; growth after the first {start / 60:.0f}, by the hour")
    print("\n".join([flatness.head(), *(row.row() for row in rows)]))
    flatness.draw(samples, options.figure or options.folder / "soak.svg")
    return code or int(not rows or any(row.too_much for row in rows))


def soak(options: argparse.Namespace, table: Path) -> int:
    """Runs and samples; 0 if the run lasted until it was stopped."""
    options.folder.mkdir(parents=True, exist_ok=True)
    words = ["conf=smoke", "cluster=private", f"run.dir={options.folder / 'run'}"]
    words += ["stop.minutes=null", "stop.promotions=null", *options.words]
    began = time.monotonic()
    with (options.folder / "run.txt").open("w") as log, table.open("w", newline="") as file:
        run = subprocess.Popen([sys.executable, "-m", "alphazero.run", *words], stdout=log, stderr=log)
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        try:
            while time.monotonic() - began < 60 * options.minutes and run.poll() is None:
                writer.writerows(_rows(run.pid, round(time.monotonic() - began, 1)))
                file.flush()
                time.sleep(options.every)
            has_ended = run.poll() is not None
        finally:
            _stop(run)
    if has_ended:
        print(f"the run ended by itself with code {run.returncode}; see {options.folder / 'run.txt'}")
    return int(has_ended)


def _stop(run: subprocess.Popen[bytes]) -> None:
    run.send_signal(signal.SIGINT)
    try:
        run.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        run.kill()  # Ray's processes end with their driver
        run.wait()


def read(table: Path) -> tuple[dict[str, flatness.Series], float]:
    """The samples of each process by name, with numbers for processes of the same name, and the last time."""
    columns: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    names: dict[str, str] = {}
    seconds = 0.0
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            # A worker's name is that of a Python process until an actor starts in it.
            names[row["pid"]], seconds = row["name"], float(row["time_s"])
            for key in ("time_s", "own", "files", "threads"):
                columns[row["pid"]][key].append(float(row[key]))
    counts: dict[str, int] = defaultdict(int)
    named: dict[str, flatness.Series] = {}
    for pid, series in columns.items():
        counts[names[pid]] += 1
        number = counts[names[pid]]
        named[names[pid] if number == 1 else f"{names[pid]} {number}"] = series
    return named, seconds


def _rows(root: int, now: float) -> Iterable[dict[str, object]]:
    pids = proc_samples.family(root)
    for pid in pids:
        found = proc_samples.sample(pid)
        if found is not None:
            yield {"time_s": now, **asdict(found)}
    used = _store_bytes(pids)
    if used is not None:
        yield {"pid": 0, "name": _STORE, **dict.fromkeys(_COLUMNS[3:], 0), "time_s": now, "own": used}


def _store_bytes(pids: list[int]) -> int | None:
    """Bytes in the run's object store; None while Ray does not report them."""
    session = proc_samples.session_folder(pids)
    port = None if session is None else ray_metrics.port_of(session)
    try:
        metrics = [] if port is None else ray_metrics.fetch(port)
    except OSError:
        return None
    return int(ray_metrics.total(metrics, "ray_object_store_used_memory")) if metrics else None


if __name__ == "__main__":
    raise SystemExit(main())
