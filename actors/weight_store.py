"""Store of two networks: the newest candidate and the best one."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors import messages
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
        self._candidate: messages.StoredNetwork | None = None
        self._best: messages.StoredNetwork | None = None
        newest = promotion.Promotions(promoted).latest()
        if newest is not None:
            self.promote(candidates.from_promoted(newest))
        _logger.info("the weight store begins with version %d", _version(self._best))

    def publish(self, candidate: candidates.Candidate) -> None:
        """Replaces the candidate, unless the new one is not newer."""
        if candidate.version > _version(self._candidate):
            self._candidate = self._stored(candidate)

    def promote(self, candidate: candidates.Candidate) -> None:
        """Replaces the best network, unless the new one is not newer."""
        if candidate.version > _version(self._best):
            self._best = self._stored(candidate)

    def versions(self) -> messages.StoredVersions:
        """Versions of both networks."""
        return messages.StoredVersions(candidate=_version(self._candidate), best=_version(self._best))

    def newest_candidate(self, known: int) -> messages.StoredNetwork | None:
        """The candidate if it is newer than `known`, else None."""
        return _if_newer(self._candidate, known)

    def best(self, known: int) -> messages.StoredNetwork | None:
        """The best network if it is newer than `known`, else None."""
        return _if_newer(self._best, known)

    def _stored(self, candidate: candidates.Candidate) -> messages.StoredNetwork:
        return messages.StoredNetwork(candidate.version, self._put(candidate))


def _version(network: messages.StoredNetwork | None) -> int:
    return -1 if network is None else network.version


def _if_newer(network: messages.StoredNetwork | None, known: int) -> messages.StoredNetwork | None:
    return network if network is not None and network.version > known else None
