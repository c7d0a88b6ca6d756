"""Standings of a competition: its results, grouped by matchup."""

from collections.abc import Sequence
from dataclasses import dataclass

from alphazero.competition.control_files import settings
from alphazero.competition.results import statistics
from alphazero.competition.results.record import GameResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A matchup and the statistics of its games."""

    id: str
    name: str
    matchup: settings.Matchup | None
    """None if it is no longer in the control file."""
    statistics: statistics.Statistics


def gather(competition: settings.Competition, results: Sequence[GameResult]) -> list[Standing]:
    """All matchups of the control file in its order, then those that only the results contain.

    Raises ValueError if games of a matchup are not between its players, because the file was changed.
    """
    games: dict[str, list[GameResult]] = {}
    for game in sorted(results, key=lambda game: game.number):
        games.setdefault(game.matchup_id, []).append(game)
    standings = [_listed(matchup, games.pop(matchup.id, [])) for matchup in competition.matchups]
    return standings + [_unlisted(matchup_id, rest) for matchup_id, rest in sorted(games.items())]


def _listed(matchup: settings.Matchup, games: Sequence[GameResult]) -> Standing:
    codes = (matchup.player_1, matchup.player_2)
    for game in games:
        if {game.black, game.white} != set(codes):
            raise ValueError(
                f"matchup {matchup.id}: game {game.game_id} was between {game.black} and {game.white}, "
                f"but the control file now has {codes[0]} and {codes[1]}"
            )
    in_pairs = bool(matchup.openings)
    return Standing(
        id=matchup.id,
        name=matchup.name,
        matchup=matchup,
        statistics=statistics.gather(games, codes, in_pairs=in_pairs),
    )


def _unlisted(matchup_id: str, games: Sequence[GameResult]) -> Standing:
    codes = (games[0].black, games[0].white)
    in_pairs = all(game.opening is not None for game in games)
    return Standing(
        id=matchup_id,
        name=f"{codes[0]} v {codes[1]}",
        matchup=None,
        statistics=statistics.gather(games, codes, in_pairs=in_pairs),
    )
