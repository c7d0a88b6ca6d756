"""Settings of the ladder of promoted networks."""

from dataclasses import dataclass, field

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class LadderConfig:
    """Games of promoted networks and fixed opponents, during the run or by `alphazero match ladder`."""

    games_per_network: int = 16
    """Games that the run plays for each promoted network; 0 for no ladder during the run."""
    num_simulations: int = 32
    """Simulations per move, of networks and of the uniform player, whose rating is 0."""
    opening_plies: int = 4
    """First plies of each pair of games, sampled from the policy of one of its networks."""
    gnugo: str = "gnugo"
    """GNU Go's program; if it is not installed, the ladder does without it."""
    gnugo_levels: list[int] = field(default_factory=lambda: [1])
    """Levels of GNU Go that take part."""

    def __post_init__(self) -> None:
        checks.require_at_least("ladder.games_per_network", self.games_per_network, 0)
        checks.require_at_least("ladder.num_simulations", self.num_simulations, 1)
        checks.require_at_least("ladder.opening_plies", self.opening_plies, 0)
        for level in self.gnugo_levels:
            checks.require_range("ladder.gnugo_levels", level, 1, 10)
