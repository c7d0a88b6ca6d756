"""A control file's competition, put together and played."""

import os
from collections.abc import Callable
from pathlib import Path

from alphazero.competition import (
    control,
    ledger,
    network_side,
    opening_book,
    runner,
    settings,
    stopping,
    table,
)

_NETWORK_GAMES = 32


def play(
    path: Path,
    folder: Path,
    *,
    jobs: int | None,
    most_games: int | None,
    should_stop: Callable[[], stopping.Stop],
    on_event: Callable[[str], object],
) -> None:
    """Plays what the control file `path` asks for and `folder` lacks. Errors as of `runner.run`.

    jobs: games at once; None for half the cores, or for 32 where only networks play.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there is no such control file")
    competition = control.read(path)
    jobs = jobs or _default_jobs(competition)
    with (
        ledger.Ledger(folder, path.stem, competition) as book,
        network_side.Networks(num_seats=jobs) as networks,
    ):
        openings = opening_book.Book(competition, folder, networks)
        runner.run(
            competition,
            book,
            jobs=jobs,
            most_games=most_games,
            should_stop=should_stop,
            on_event=on_event,
            supply=table.Supply(make_side=networks.make_side, make_opening=openings.opening),
        )


def _default_jobs(competition: settings.Competition) -> int:
    """Both engines of a game may think at once; networks judge the positions of all games together."""
    players = {code for matchup in competition.matchups for code in (matchup.player_1, matchup.player_2)}
    has_engine = any(competition.players[code].command for code in players)
    return max(1, (os.cpu_count() or 1) // 2) if has_engine else _NETWORK_GAMES
