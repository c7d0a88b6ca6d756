"""Settings of the Ray cluster and of the actors' shares."""

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks

_WORDS = ("auto", "private", "local")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/@:\[\]]+):([0-9]{1,5})", re.ASCII)
_EXAMPLE = "HOST:PORT of a Ray head, such as 10.0.0.5:6379 or [::1]:6379"


def split_address(key: str, address: str) -> tuple[str, int]:
    """Host, without the brackets of IPv6, and port; ValueError in one line if it is not HOST:PORT.

    key: the setting or variable that holds the address.
    """
    found = _ADDRESS.fullmatch(address)
    is_plain = bool(address) and address.isprintable() and " " not in address
    shown = address if is_plain else repr(address)
    words = f"{', '.join(_WORDS)} or " if key == "cluster.address" else ""
    if found is None:
        # Refuses ray://, too: Ray's client is not a node of the cluster, so its machine could not run actors.
        raise ValueError(f"{key}={shown}: must be {words}{_EXAMPLE}")
    host, port = found[1], int(found[2])
    checks.require(1 <= port <= 65535, key, shown, f"{_EXAMPLE}; ports are from 1 to 65535")
    if host.startswith("["):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f"{key}={shown}: must be {words}{_EXAMPLE}") from None
    return host, port


class SelfPlayOn(Enum):
    """The nodes that play on a cluster with GPUs."""

    auto = "auto"
    """Only the nodes with GPUs if one GPU plays as fast as a hundred CPUs, else all nodes."""
    gpus = "gpus"
    """The nodes with GPUs, if there are any."""
    all = "all"
    """All nodes."""


@dataclass(kw_only=True, slots=True)
class ClusterConfig:
    """The Ray cluster to use, and the actors' shares of it."""

    address: str = "auto"
    """auto joins the cluster of RAY_ADDRESS or of this host, else starts a private one;
    private always starts a private one; local runs all parts in this process, in turn and without Ray;
    any other value is the address of a cluster's head, HOST:PORT."""
    service_cpus: float = 0.1
    """CPU share of each small service: replay buffer, weight store and reporter."""
    learner_cpus: float = 0.5
    """CPU share of a learner without a GPU."""
    evaluator_cpus: float = 0.2
    """CPU share of the evaluator."""
    selfplay_cpus: float = 1.0
    """CPUs of each self-play actor, which an autoscaler counts."""
    selfplay_on: SelfPlayOn = SelfPlayOn.auto
    """Nodes that play; without GPUs all nodes play."""
    actors_per_gpu: int = 4
    """Self-play actors on each GPU, half as many if a rank of the learner shares it: while one actor
    searches, the GPU evaluates positions of another. They share the node's CPUs, which are their threads."""
    wait_minutes: float | None = 60.0
    """Longest time that a run waits for nodes that it needs, for the learner for example, before it saves
    and ends; null waits for ever."""
    max_nodes: int = 0
    """Largest number of nodes that the run may request from an autoscaler with selfplay.num_actors=0; 0
    leaves the bound to the autoscaler."""
    grows: bool = False
    """Whether nodes may be added later: the run then waits for the nodes that it needs, requests the others
    from an autoscaler, and begins without them. Otherwise it refuses at once if the actors do not fit."""

    def __post_init__(self) -> None:
        if self.address not in _WORDS:
            split_address("cluster.address", self.address)
        checks.require_at_least("cluster.service_cpus", self.service_cpus, 0)
        checks.require_at_least("cluster.learner_cpus", self.learner_cpus, 0)
        checks.require_at_least("cluster.evaluator_cpus", self.evaluator_cpus, 0)
        checks.require_at_least("cluster.selfplay_cpus", self.selfplay_cpus, 0)
        checks.require_at_least("cluster.actors_per_gpu", self.actors_per_gpu, 1)
        checks.require_at_least("cluster.max_nodes", self.max_nodes, 0)
        if self.wait_minutes is not None:
            checks.require_at_least("cluster.wait_minutes", self.wait_minutes, 0)
