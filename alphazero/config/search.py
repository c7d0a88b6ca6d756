"""Settings of the tree search."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class Algorithm(Enum):
    """The search rule."""

    gumbel = "gumbel"
    puct = "puct"
    none = "none"
    """No search: moves are sampled from the network's policy, for `training.policy_loss=reinforce`."""


class Symmetry(Enum):
    """Symmetries of the board that are applied to the network's inputs."""

    none = "none"
    random = "random"
    average = "average"


@dataclass(kw_only=True, slots=True)
class SearchConfig:
    """Gumbel AlphaZero (Danihelka et al. 2022), PUCT (AlphaZero, Silver et al. 2018) or none."""

    algorithm: Algorithm = Algorithm.gumbel
    num_simulations: int = 32
    """Simulations per move."""
    tree_reuse: bool = True
    """Whether the subtree of the played moves is kept."""
    tree_megabytes: float = 4096.0
    """Memory in MB for all trees of one worker or engine; kept subtrees are pruned to fit."""
    leaf_batch: int = 1
    """Leaves of one tree that the network evaluates together, found with virtual visits; for engines, which
    search a single tree."""

    num_considered: int = 16
    """Gumbel: root moves that enter sequential halving."""
    c_visit: float = 50.0
    """Gumbel: c_visit of sigma(q) = (c_visit + max visits) * c_scale * q."""
    c_scale: float = 0.5
    """Gumbel: c_scale for q in [-1, 1], not rescaled (mctx uses 0.1 on q rescaled to [0, 1])."""
    gumbel_visits: int = 64
    """Gumbel: nodes below the root with at least this many visits select by PUCT instead of by their improved
    policy, which would eventually put all visits on one move."""

    c_init: float = 1.25
    """PUCT: c_init of the AlphaZero paper."""
    c_base: float = 19652.0
    """PUCT: c_base of the AlphaZero paper."""
    fpu_reduction: float = 0.25
    """PUCT: first-play urgency is the parent's value minus this times sqrt(visited policy)."""
    noise_fraction: float = 0.25
    """PUCT: fraction of Dirichlet noise in the root's priors, in self-play only."""
    noise_concentration: float = 10.83
    """PUCT: sum of the Dirichlet parameters, spread over the legal moves (0.03 * 361, as KataGo)."""
    forced_playouts: float = 0.0
    """PUCT: k of the sqrt(k * P * N) visits that self-play gives each visited root move and removes from the
    policy target again (Wu 2019, section 3.2, with k = 2); 0 for none."""

    utility_stdev_scale: float = 0.0
    """PUCT: how far the exploration at a node follows the standard deviation of its values: the factor is
    1 + this * (deviation / utility_stdev_prior - 1). 0 for a constant one. KataGo: 0.85
    (`cpuctUtilityStdevScale`)."""
    utility_stdev_prior: float = 0.4
    """PUCT: standard deviation of the values at which that factor is 1 (KataGo: `cpuctUtilityStdevPrior`)."""
    lcb_stdevs: float = 5.0
    """PUCT without noise: a search returns the move of the largest value minus this many standard errors,
    among moves with at least 0.15 of the most visits (KataGo: `lcbStdevs`). 0 for the most visited move."""
    symmetry: Symmetry = Symmetry.none
    """Symmetry of the network's input: none, a random one, or the mean over all eight."""

    def __post_init__(self) -> None:
        checks.require_range("search.num_simulations", self.num_simulations, 1, 1_000_000)
        checks.require_at_least("search.num_considered", self.num_considered, 1)
        checks.require_at_least("search.c_visit", self.c_visit, 0)
        checks.require_positive("search.c_scale", self.c_scale)
        checks.require_at_least("search.gumbel_visits", self.gumbel_visits, 0)
        checks.require_positive("search.c_init", self.c_init)
        checks.require_positive("search.c_base", self.c_base)
        checks.require_range("search.fpu_reduction", self.fpu_reduction, 0, 2)
        checks.require_range("search.noise_fraction", self.noise_fraction, 0, 1)
        checks.require_positive("search.noise_concentration", self.noise_concentration)
        checks.require_range("search.utility_stdev_scale", self.utility_stdev_scale, 0, 1)
        checks.require_range("search.utility_stdev_prior", self.utility_stdev_prior, 0.01, 2)
        checks.require_range("search.lcb_stdevs", self.lcb_stdevs, 0, 100)
        checks.require_range("search.forced_playouts", self.forced_playouts, 0, 100)
        checks.require_positive("search.tree_megabytes", self.tree_megabytes)
        checks.require_range("search.leaf_batch", self.leaf_batch, 1, 1024)
