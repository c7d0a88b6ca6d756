"""Store of two networks: the newest candidate and the best one."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero.run_files import candidate as candidates
from alphazero.run_files import promotion

_logger = logging.getLogger(__name__)


class WeightStore:
    """Keeps two networks; actors request a version newer than their own.

    Weights arrive by value and are put into the object store here, because a reference that a learner owns
    would be lost with the learner. The first reader on a node fetches a network, and the others read the same
    memory. If it is killed, Ray restarts it on the driver's node within seconds: it takes the last promoted
    network from disk, and the driver makes the learner publish its newest one again.
    """

    def __init__(self, promoted: Path, put: Callable[[Any], Any] = lambda value: value) -> None:
        """promoted: the run's folder of promoted files, the newest of which is the best network.

        put: stores a value and returns a reference to it (`ray.put`).
        """
        self._put = put
        self._candidate: tuple[int, Any] | None = None
        self._best: tuple[int, Any] | None = None
        newest = promotion.Promotions(promoted).latest()
        if newest is not None:
            self.promote(candidates.from_promoted(newest))
        _logger.info("the weight store begins with version %d", _version(self._best))

    def publish(self, candidate: candidates.Candidate) -> None:
        """Replaces the candidate, unless the new one is not newer."""
        if self._candidate is None or candidate.version > self._candidate[0]:
            self._candidate = (candidate.version, self._put(candidate))

    def promote(self, candidate: candidates.Candidate) -> None:
        """Replaces the best network, unless the new one is not newer."""
        if self._best is None or candidate.version > self._best[0]:
            self._best = (candidate.version, self._put(candidate))

    def versions(self) -> tuple[int, int]:
        """Versions of the candidate and of the best network, -1 for none."""
        return _version(self._candidate), _version(self._best)

    def newest_candidate(self, known: int) -> tuple[int, Any] | None:
        """Version and stored candidate if newer than `known`, else None."""
        return _if_newer(self._candidate, known)

    def best(self, known: int) -> tuple[int, Any] | None:
        """Version and stored best network if newer than `known`, else None."""
        return _if_newer(self._best, known)


def _version(entry: tuple[int, Any] | None) -> int:
    return -1 if entry is None else entry[0]


def _if_newer(entry: tuple[int, Any] | None, known: int) -> tuple[int, Any] | None:
    return entry if entry is not None and entry[0] > known else None
