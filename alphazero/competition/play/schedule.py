"""Schedule of a competition: the next game as a function of settings, counted games and games in progress."""

import collections
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from alphazero.competition.control_files import settings
from alphazero.competition.results import record

MOST_VOIDS_IN_A_ROW = 2
"""Of one matchup; this number of void games in a row halts the competition."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game to be played."""

    matchup: settings.Matchup
    number: int

    @property
    def game_id(self) -> str:
        """Matchup and number; leading zeros make all ids of a matchup equally long."""
        total = self.matchup.number_of_games
        return f"{self.matchup.id}_{self.number:0{len(str(total - 1)) if total else 1}d}"

    @property
    def black(self) -> str:
        """Code of the player."""
        return self.matchup.player_2 if self._is_swapped else self.matchup.player_1

    @property
    def white(self) -> str:
        """Code of the player."""
        return self.matchup.player_1 if self._is_swapped else self.matchup.player_2

    @property
    def opening(self) -> int | None:
        """Index of its opening among the matchup's; two consecutive games share one."""
        return self.number // 2 if self.matchup.openings else None

    @property
    def _is_swapped(self) -> bool:
        """Whether player 2 is Black. Openings may favour a colour, so each is played with both."""
        return self.number % 2 == 1 and (self.matchup.alternating or bool(self.matchup.openings))


def next_fixture(
    competition: settings.Competition,
    results: Iterable[record.GameResult],
    under_way: Collection[tuple[str, int]],
) -> Fixture | None:
    """The next game to start; None if none is left.

    under_way: matchup and number of each game in progress.

    Chooses the matchup with the smallest share of its games done or in progress, the first one on a tie.
    Takes its lowest free number, so a void game is repeated first.
    """
    taken: dict[str, set[int]] = collections.defaultdict(set)
    for matchup_id, number in [*((game.matchup_id, game.number) for game in results), *under_way]:
        taken[matchup_id].add(number)
    sizes = [matchup.number_of_games for matchup in competition.matchups if matchup.number_of_games]
    endless = max(sizes, default=1)
    waiting = [
        matchup
        for matchup in competition.matchups
        if matchup.number_of_games is None or len(taken[matchup.id]) < matchup.number_of_games
    ]
    if not waiting:
        return None
    chosen = min(waiting, key=lambda matchup: len(taken[matchup.id]) / (matchup.number_of_games or endless))
    return Fixture(chosen, _lowest_free(taken[chosen.id]))


class VoidCount:
    """Counts void games in a row for each matchup, in the order in which games end."""

    def __init__(self) -> None:
        self._in_a_row: collections.Counter[str] = collections.Counter()

    def game_counts(self, matchup_id: str) -> None:
        """Records a counted game."""
        self._in_a_row[matchup_id] = 0

    def game_is_void(self, matchup_id: str) -> bool:
        """Records a void game; returns whether the limit is reached."""
        self._in_a_row[matchup_id] += 1
        return self._in_a_row[matchup_id] >= MOST_VOIDS_IN_A_ROW


def _lowest_free(taken: Collection[int]) -> int:
    number = 0
    while number in taken:
        number += 1
    return number
