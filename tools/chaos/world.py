"""Ray cluster of three nodes in private namespaces of this machine, and a run on it.

Nothing here calls Ray: processes are found by their titles, which Ray sets and `top` shows.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.chaos import record as chaos_records

PROJECT = Path(__file__).resolve().parents[2]
_STORE_BYTES = 100_000_000
_START_S = 240.0
_NICE_END_S = 60.0
_POLL_S = 0.2
_CLASSES = {
    "SelfPlayActor": chaos_records.SELF_PLAY,
    "LearnerActor": chaos_records.LEARNER,
    "LearnerRank": chaos_records.RANK,
    "ReplayBuffer": chaos_records.REPLAY,
    "WeightStore": chaos_records.STORE,
    "ReporterActor": chaos_records.REPORTER,
    "EvaluatorActor": chaos_records.EVALUATOR,
    "LadderActor": chaos_records.LADDER,
}
_RUN = [
    "conf=smoke",
    "cluster=auto",
    "cluster.grows=true",
    "stop.minutes=null",
    "stop.promotions=null",
    "net.blocks=1",
    "net.filters=8",
    "search.num_simulations=4",
    "selfplay.num_actors=3",
    "selfplay.num_games=16",
    "training.num_ranks=2",
    "training.timeout_s=60",
    "training.batch_size=32",
    "training.replay_ratio=1",
    "training.max_lead_positions=4000",
    "training.min_positions=200",
    "training.publish_steps=20",
    "training.checkpoint_steps=20",
    "gate.num_games=4",
    "gate.num_simulations=4",
    "gate.every_steps=20",
    "gate.threshold=0",
    "ladder.games_per_network=2",
    "ladder.num_simulations=4",
    "ladder.gnugo_levels=[]",
]


def actors() -> dict[str, list[int]]:
    """Process ids of the living actors by kind; kinds without actors are left out."""
    found: dict[str, list[int]] = {}
    for pid in _pids():
        kind = kind_of(_read(f"/proc/{pid}/cmdline").split("\0")[0])
        if kind is not None:
            found.setdefault(kind, []).append(pid)
    return found


def kind_of(title: str) -> str | None:
    """The kind of actor behind a process's title, such as `ray::evaluator:EvaluatorActor.run`."""
    match = re.fullmatch(r"ray::(?:[^:]*:)?(\w+)(?:\.\w+)?\s*", title)
    return _CLASSES.get(match[1]) if match else None


class RayNode:
    """A Ray node: the processes that `ray start` left running."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        """arguments: of `ray start`. Raises RuntimeError if it fails."""
        self._arguments, self._log = arguments, log
        self.is_up = False
        self.start()

    def start(self) -> None:
        """Starts the node, or restarts it after a kill; raises RuntimeError if that fails."""
        before = set(_pids())
        command = [_program("ray"), "start", *self._arguments, "--disable-usage-stats"]
        with self._log.open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, timeout=_START_S)
        if done.returncode:
            raise RuntimeError(f"ray start failed: {self._log.read_text()[-2000:]}")
        self._roots = [pid for pid in _pids() if pid not in before and _parent(pid) == 1]
        self.is_up = True

    def kill(self) -> None:
        """Sends SIGKILL to the node's processes and their descendants."""
        self.is_up = False
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Suspends all processes, which appears to the other nodes as a lost network."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resumes all processes."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in descendants(self._roots):
            send(pid, number)


class Cluster:
    """Three nodes: the first is the driver's, the other two may be killed."""

    def __init__(self, folder: Path) -> None:
        """folder: for logs."""
        shared = ["--object-store-memory", str(_STORE_BYTES)]
        head = ["--head", "--port=6379", "--num-cpus=2", "--include-dashboard=false", *shared]
        join = ["--address=127.0.0.1:6379", *shared]
        self.head = RayNode(head, folder / "head.log")
        # The second one gets the ranks of the learner, because it has the most free CPUs.
        self.workers = [
            RayNode([*join, f"--num-cpus={cpus}"], folder / f"worker{number}.log")
            for number, cpus in enumerate((2, 1))
        ]


class Driver:
    """The process that a user starts."""

    def __init__(self, run_folder: Path, log: Path, words: Sequence[str] = ()) -> None:
        """words: more settings of the run."""
        self._command = [sys.executable, "-m", "alphazero.run", f"run.dir={run_folder}", *_RUN, *words]
        self._log = log
        self.start()

    def start(self) -> None:
        """Starts the driver, with the same command each time."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=PROJECT, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code; None while the driver runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Sends SIGKILL and waits for the end of the process."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Sends Ctrl-C and returns the exit code; kills the driver if it does not end."""
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(_NICE_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def last_words(self) -> str:
        """The last line of the driver's output."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


class FullDisk:
    """Fills the disk below a folder, and keeps it full."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self, seconds: float) -> None:
        """Keeps the disk full for `seconds`, including space that other processes free meanwhile."""
        end = time.monotonic() + seconds
        with self._filler.open("ab", buffering=0) as file:
            while time.monotonic() < end:
                for size in (1 << 20, 1 << 12):
                    _write_until_full(file.fileno(), bytes(size))
                time.sleep(_POLL_S)
        self._filler.unlink()


def send(pid: int, number: int) -> None:
    """Sends a signal to a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def descendants(roots: list[int]) -> list[int]:
    """The processes and all their descendants."""
    parents = {pid: _parent(pid) for pid in _pids()}
    found = [pid for pid in roots if pid in parents]
    for pid in found:  # grows on the way
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _write_until_full(file: int, data: bytes) -> None:
    try:
        while os.write(file, data) == len(data):
            continue
    except OSError:
        return


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int:
    """Id of the parent process, 0 if the process has ended."""
    text = _read(f"/proc/{pid}/stat")
    return int(text.rpartition(")")[2].split()[1]) if text else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
