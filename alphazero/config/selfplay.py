"""Settings of self-play."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class PlayWith(Enum):
    """Which network plays the games."""

    latest = "latest"
    """The learner's newest one; the gate decides only what is promoted to a file."""
    promoted = "promoted"
    """The last promoted one, as in AlphaGo Zero."""


@dataclass(kw_only=True, slots=True)
class SelfPlayConfig:
    """How games are generated; the search itself is configured in `search`."""

    num_actors: int = 0
    """Self-play processes; 0 takes what the machine or cluster has room for."""
    num_games: int = 128
    """Games that one actor advances together: the batch of its network. More are faster up to a point, while
    all of them are longer under way."""

    play_with: PlayWith = PlayWith.latest
    """Which network plays; behind a gate self-play would wait for the slowest link of the loop."""

    full_search_fraction: float = 1.0
    """Playout-cap randomisation (Wu 2019, section 3.1; KataGo: 0.25): share of moves, drawn one by one,
    that get the full search with noise and become a policy target. The others get a cheap search
    without noise and teach value and ownership alone. 1 searches every move in full."""
    cheap_simulations: int = 8
    """Simulations for each cheaply searched move (KataGo: a sixth of the full search)."""
    cheap_considered: int = 4
    """Gumbel: considered moves of a cheap search."""

    early_games: int = 1500
    """Until this many games exist the search is cheaper: the untrained network is not worth more."""
    early_simulations: int = 16
    """Simulations for each move during the early games."""
    early_considered: int = 8
    """Gumbel: considered moves during the early games."""

    opening_policy_plies: int = 6
    """At most this many first plies are drawn from the raw policy, without search or target."""
    opening_sampled_plies: int = 14
    """Up to this ply moves are drawn from the search's policy at the temperature of the ply (PUCT's
    shares of visits, Gumbel's improved policy) instead of being its best; a number above the move
    limit draws all."""
    temperature_early: float = 1.0
    """Temperature at the first ply; chances are policy ** (1 / temperature). KataGo: 0.75."""
    temperature_late: float = 1.0
    """What the temperature falls to; equal to the early one it stays. KataGo: 0.15."""
    temperature_half_life: float = 19.0
    """Plies in which the difference to the late temperature halves, on 19x19; less on smaller boards, in
    proportion to their side. KataGo: 19."""
    no_pass_plies: int = 30
    """No passes before this ply; two early passes would end a game by accident."""

    adjudicate: bool = True
    """End a game as soon as each point has an owner who cannot lose it (go/life.py): the result is that
    of playing on, without its moves."""
    resign_threshold: float = -0.8
    """A player whose root value stays below this resigns."""
    resign_turns: int = 3
    """For how many own turns in a row."""
    no_resign_fraction: float = 0.15
    """Share of games that are played to the end in any case, without resignation or adjudication: the
    check of `resign_threshold`, and the lessons on how to finish a game."""

    push_window: int = 4
    """Pushes to the replay buffer that may be under way at once."""
    sgf_every: int = 50
    """One game in this many is kept as SGF in the run's folder."""

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
