"""Settings of self-play."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class PlayWith(Enum):
    """The network that plays the games."""

    latest = "latest"
    """The learner's newest one; the gate decides only which networks are promoted to files."""
    promoted = "promoted"
    """The last promoted one, as in AlphaGo Zero."""


@dataclass(kw_only=True, slots=True)
class SelfPlayConfig:
    """Generation of games; the search itself is configured in `search`."""

    num_actors: int = 0
    """Self-play processes; 0 for as many as fit on the machine or cluster."""
    num_games: int = 128
    """Games that one actor plays at a time, which is the batch size of its network. Larger batches are faster
    up to a point, but each game takes longer."""

    play_with: PlayWith = PlayWith.latest
    """The network that plays; with promoted ones self-play would wait for the gate, the slowest part."""

    full_search_fraction: float = 1.0
    """Playout cap randomization (Wu 2019, section 3.1; KataGo: 0.25): fraction of moves, drawn independently,
    that get the full search with noise and become policy targets. The others get a cheap search without
    noise and are targets of value and ownership only. 1 gives every move the full search."""
    cheap_simulations: int = 8
    """Simulations per move of a cheap search (KataGo: a sixth of the full search)."""
    cheap_considered: int = 4
    """Gumbel: considered actions of a cheap search."""

    early_games: int = 1500
    """Games at the start of a run with a cheaper search, as an untrained network does not justify more."""
    early_simulations: int = 16
    """Simulations per move during the early games."""
    early_considered: int = 8
    """Gumbel: considered actions during the early games."""

    opening_policy_plies: int = 6
    """Largest number of first plies that are sampled from the raw policy, without search or target."""
    opening_sampled_plies: int = 14
    """Up to this ply moves are sampled from the search's policy (PUCT's shares of visits, Gumbel's improved
    policy) at the temperature of the ply; later moves are the best ones. A number above the move limit
    samples all moves."""
    temperature_early: float = 1.0
    """Temperature at the first ply; probabilities are policy ** (1 / temperature). KataGo: 0.75."""
    temperature_late: float = 1.0
    """Limit of the temperature in late plies; constant if equal to the early one. KataGo: 0.15."""
    temperature_half_life: float = 19.0
    """Plies in which the difference from the late temperature halves, on 19x19; on smaller boards less, in
    proportion to the side. KataGo: 19."""
    no_pass_plies: int = 30
    """No passes before this ply; two early passes would end a game by accident."""

    adjudicate: bool = True
    """Whether a game ends as soon as it is settled (go/life.py), with the result that it would have if it
    were played out."""
    resign_threshold: float = -0.8
    """Root value below which a player resigns, if it stays there for `resign_turns`."""
    resign_turns: int = 3
    """The player's own turns in a row."""
    no_resign_fraction: float = 0.15
    """Fraction of games that are always played to the end, without resignation or adjudication, to check
    `resign_threshold` and to learn endgames."""

    push_window: int = 4
    """Largest number of pushes to the replay buffer at a time."""
    sgf_every: int = 50
    """One in this many games is saved as SGF in the run's folder."""

    def __post_init__(self) -> None:
        checks.require_range("selfplay.num_actors", self.num_actors, 0, 100_000)
        checks.require_range("selfplay.num_games", self.num_games, 1, 65_536)
        fraction = self.full_search_fraction
        checks.require(0 < fraction <= 1, "selfplay.full_search_fraction", fraction, "above 0 and at most 1")
        checks.require_at_least("selfplay.cheap_simulations", self.cheap_simulations, 1)
        checks.require_at_least("selfplay.cheap_considered", self.cheap_considered, 1)
        checks.require_at_least("selfplay.early_games", self.early_games, 0)
        checks.require_at_least("selfplay.early_simulations", self.early_simulations, 1)
        checks.require_at_least("selfplay.early_considered", self.early_considered, 1)
        checks.require_at_least("selfplay.opening_policy_plies", self.opening_policy_plies, 0)
        checks.require_at_least("selfplay.opening_sampled_plies", self.opening_sampled_plies, 0)
        checks.require_range("selfplay.temperature_early", self.temperature_early, 0.01, 100)
        checks.require_range("selfplay.temperature_late", self.temperature_late, 0.01, 100)
        checks.require_positive("selfplay.temperature_half_life", self.temperature_half_life)
        checks.require_at_least("selfplay.no_pass_plies", self.no_pass_plies, 0)
        checks.require_range("selfplay.resign_threshold", self.resign_threshold, -1, 0)
        checks.require_at_least("selfplay.resign_turns", self.resign_turns, 1)
        checks.require_range("selfplay.no_resign_fraction", self.no_resign_fraction, 0, 1)
        checks.require_at_least("selfplay.push_window", self.push_window, 1)
        checks.require_at_least("selfplay.sgf_every", self.sgf_every, 1)
