"""Which game comes next: a function of the settings, of the games that count and of those under way."""

import collections
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from alphazero.competition import record, settings

MOST_VOIDS_IN_A_ROW = 2
"""Of a matchup; so many halt the competition."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game to be played."""

    matchup: settings.Matchup
    number: int

    @property
    def game_id(self) -> str:
        """Matchup and number, with the zeros in front that make all names of the matchup equally long."""
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
        """Which of the matchup's openings it begins with; two games in a row share one."""
        return self.number // 2 if self.matchup.openings else None

    @property
    def _is_swapped(self) -> bool:
        """Openings favour a colour, so that both players get both."""
        return self.number % 2 == 1 and (self.matchup.alternating or bool(self.matchup.openings))


def next_fixture(
    competition: settings.Competition,
    results: Iterable[record.GameResult],
    under_way: Collection[tuple[str, int]],
) -> Fixture | None:
    """The next game to start, None when there is none left.

    under_way: matchup and number of games that have neither ended nor become void. Of all matchups, the
    one with the smallest share of its games done or under way is next, the first of equals; its lowest
    free number is taken, which is that of a void game, if there is one.
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


def num_games(competition: settings.Competition) -> int | None:
    """Games of all matchups, None if there is no end."""
    sizes = [matchup.number_of_games for matchup in competition.matchups]
    return None if None in sizes else sum(size or 0 for size in sizes)


class VoidCount:
    """Counts void games in a row, for each matchup, in the order in which games end."""

    def __init__(self) -> None:
        self._in_a_row: collections.Counter[str] = collections.Counter()

    def game_counts(self, matchup_id: str) -> None:
        """A game ended well."""
        self._in_a_row[matchup_id] = 0

    def game_is_void(self, matchup_id: str) -> bool:
        """Whether this one is one too many."""
        self._in_a_row[matchup_id] += 1
        return self._in_a_row[matchup_id] >= MOST_VOIDS_IN_A_ROW


def _lowest_free(taken: Collection[int]) -> int:
    number = 0
    while number in taken:
        number += 1
    return number
