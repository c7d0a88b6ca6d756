"""Seeded choice of the processes to kill and of the times."""

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping

from tools.chaos import record as chaos_records
from tools.chaos import world

_AWAY_S = (4.0, 10.0)
"""Range of the time for which a node is down."""
_FROZEN_S = 20.0
_FULL_S = 6.0
_JITTER = 0.4
_PATIENCE_S = 30.0
_POLL_S = 0.3
_WEIGHTS = {
    chaos_records.SELF_PLAY: 5,
    chaos_records.DRIVER: 1,
    chaos_records.NODE: 1,
    chaos_records.REPORTER: 1,
    chaos_records.LADDER: 1,
}
"""Relative frequencies of kills after the first one of each kind; 3 for the others."""


def deck(num_kills: int, faults: int, rng: random.Random) -> list[str]:
    """Kinds of blows in a random order; each kind of kill occurs if `num_kills` is large enough."""
    kinds: list[str] = list(chaos_records.KILLS[:num_kills])
    weights = [_WEIGHTS.get(kind, 3) for kind in chaos_records.KILLS]
    kinds += rng.choices(chaos_records.KILLS, weights, k=num_kills - len(kinds))
    kinds += chaos_records.FAULTS[:faults]
    rng.shuffle(kinds)
    return kinds


def take(cards: list[str], can: Callable[[str], bool]) -> str | None:
    """Removes and returns the first kind that is possible now; None if there is none."""
    for kind in cards:
        if can(kind):
            cards.remove(kind)
            return kind
    return None


class Killer:
    """Kills processes and nodes of a run, and causes other faults."""

    def __init__(
        self,
        cluster: world.Cluster,
        driver: world.Driver,
        disk: world.FullDisk,
        rng: random.Random,
        tell: Callable[[str], None],
        progress: Callable[[], object],
    ) -> None:
        """tell: prints a line. progress: returns a value that changes whenever the run makes progress."""
        self._progress = progress
        self._cluster, self._driver, self._disk, self._rng, self._tell = cluster, driver, disk, rng, tell
        self._healing: list[threading.Thread] = []
        self.blows: list[chaos_records.Blow] = []
        self.failures: list[str] = []

    def rage(self, cards: list[str], seconds: float) -> None:
        """Deals all cards, spread over `seconds`.

        It takes longer if a target does not exist or the run makes no progress. The next blow then waits
        for progress, but at most _PATIENCE_S.
        """
        end = time.monotonic() + seconds
        while cards:
            share = max(0.0, end - time.monotonic()) / len(cards)
            before = self._progress()
            self.watch_driver(share * self._rng.uniform(1 - _JITTER, 1 + _JITTER))
            patience = time.monotonic() + _PATIENCE_S
            while self._progress() == before and time.monotonic() < patience:
                self.watch_driver(_POLL_S)
            alive = world.actors()
            kind = take(cards, lambda kind: self._can(kind, alive))  # noqa: B023  called at once
            if kind is None:
                self.watch_driver(_POLL_S)
            else:
                self._hit(kind, alive)

    def heal(self) -> None:
        """Waits until all nodes are up again."""
        for thread in self._healing:
            thread.join()

    def watch_driver(self, seconds: float) -> None:
        """Waits, and restarts the driver if it ended by itself."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_S))
            if self._driver.exit_code is not None:
                failure = f"the driver ended with {self._driver.exit_code}: {self._driver.last_words()}"
                self.failures.append(failure)
                self._tell(failure)
                self._driver.start()

    def _can(self, kind: str, alive: Mapping[str, list[int]]) -> bool:
        if kind in (chaos_records.NODE, chaos_records.FROZEN):
            return all(node.is_up for node in self._cluster.workers) and not self._is_healing()
        if kind == chaos_records.DRIVER:
            # Killing a driver during its start would test nothing.
            return chaos_records.SELF_PLAY in alive
        if kind == chaos_records.FULL_DISK:
            # A driver correctly refuses to start on a full disk.
            return chaos_records.EVALUATOR in alive and not self._is_healing()
        return kind in alive

    def _is_healing(self) -> bool:
        return any(thread.is_alive() for thread in self._healing)

    def _hit(self, kind: str, alive: Mapping[str, list[int]]) -> None:
        if kind == chaos_records.NODE:
            self._begin(kind, self._lose_node)
        elif kind == chaos_records.FROZEN:
            self._begin(kind, self._freeze_node)
        elif kind == chaos_records.FULL_DISK:
            self._fill_disk()
        elif kind == chaos_records.DRIVER:
            self._note(kind, pid=self._driver.pid)
            self._driver.kill()
            self._driver.start()
        else:
            pid = self._rng.choice(alive[kind])
            self._note(kind, pid=pid)
            world.send(pid, signal.SIGKILL)

    def _begin(self, kind: str, work: Callable[[world.RayNode, float], None]) -> None:
        """Stops a node now and restores it later, in a thread."""
        node = self._rng.choice(self._cluster.workers)
        seconds = _FROZEN_S if kind == chaos_records.FROZEN else self._rng.uniform(*_AWAY_S)
        self._note(kind, over=time.time() + seconds)
        thread = threading.Thread(target=work, args=(node, seconds))
        thread.start()
        self._healing.append(thread)

    def _lose_node(self, node: world.RayNode, seconds: float) -> None:
        node.kill()
        time.sleep(seconds)
        try:
            node.start()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            self.failures.append(f"the tool itself failed: {error}")

    def _freeze_node(self, node: world.RayNode, seconds: float) -> None:
        node.freeze()
        time.sleep(seconds)
        node.thaw()

    def _fill_disk(self) -> None:
        self._note(chaos_records.FULL_DISK, over=time.time() + _FULL_S)
        self._disk.fill(_FULL_S)

    def _note(self, kind: str, pid: int = 0, over: float = 0.0) -> None:
        self.blows.append(chaos_records.Blow(time=time.time(), kind=kind, pid=pid, over=over))
        self._tell(f"{kind}{f' (process {pid})' * bool(pid)}")
