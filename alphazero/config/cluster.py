"""Where the actors run."""

from dataclasses import dataclass

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class ClusterConfig:
    """Which Ray cluster to use, and the shares that the services take of it."""

    address: str = "auto"
    """auto joins the cluster of RAY_ADDRESS or of this host and else starts a private one;
    private always starts one; local runs everything in this process without Ray, step by step;
    anything else is a cluster's address."""
    service_cpus: float = 0.1
    """CPU share of each small service: replay buffer, weight store and reporter."""
    learner_cpus: float = 0.5
    """CPU share of a learner without a GPU."""
    evaluator_cpus: float = 0.2
    """CPU share of the evaluator."""
    selfplay_cpus: float = 1.0
    """CPUs of each self-play actor, so that an autoscaler sees them."""
    grows: bool = False
    """Whether nodes may still come: the run then waits for what it cannot begin without, asks an autoscaler
    for the rest, and begins with what there is. Otherwise it refuses at once what does not fit."""

    def __post_init__(self) -> None:
        checks.require(
            bool(self.address.strip()),
            "cluster.address",
            repr(self.address),
            "auto, private, local or an address",
        )
        checks.require_at_least("cluster.service_cpus", self.service_cpus, 0)
        checks.require_at_least("cluster.learner_cpus", self.learner_cpus, 0)
        checks.require_at_least("cluster.evaluator_cpus", self.evaluator_cpus, 0)
        checks.require_at_least("cluster.selfplay_cpus", self.selfplay_cpus, 0)
