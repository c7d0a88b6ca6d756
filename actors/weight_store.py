"""The newest candidate and the best network, by version."""

from collections.abc import Callable
from typing import Any

from alphazero.evaluation import candidate as candidates


class WeightStore:
    """Keeps two networks; actors ask for what is newer than what they have.

    Weights arrive by value and are put into the object store here: a reference that a learner owns
    would be lost with the learner. When killed the run ends with an error and nothing is lost that is
    not also on disk: the next session begins with the last promoted network and the learner's checkpoint.
    """

    def __init__(self, put: Callable[[Any], Any] = lambda value: value) -> None:
        """put: stores a value and returns what to hand out for it (`ray.put`)."""
        self._put = put
        self._candidate: tuple[int, Any] | None = None
        self._best: tuple[int, Any] | None = None

    def publish(self, candidate: candidates.Candidate) -> None:
        """Replaces the candidate; an older one than is known is ignored."""
        if self._candidate is None or candidate.version > self._candidate[0]:
            self._candidate = (candidate.version, self._put(candidate))

    def promote(self, candidate: candidates.Candidate) -> None:
        """Makes a network the best one; an older one than is known is ignored."""
        if self._best is None or candidate.version > self._best[0]:
            self._best = (candidate.version, self._put(candidate))

    def newest_candidate(self, known: int) -> tuple[int, Any] | None:
        """Version and stored candidate if newer than `known`, else None."""
        return _if_newer(self._candidate, known)

    def best(self, known: int) -> tuple[int, Any] | None:
        """Version and stored best network if newer than `known`, else None."""
        return _if_newer(self._best, known)


def _if_newer(entry: tuple[int, Any] | None, known: int) -> tuple[int, Any] | None:
    return entry if entry is not None and entry[0] > known else None
