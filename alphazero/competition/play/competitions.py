"""Entry point that plays the competition of a control file."""

import os
from collections.abc import Callable
from pathlib import Path

from alphazero.competition.control_files import control, settings
from alphazero.competition.play import game_runner, network_side, opening_book, runner, stopping
from alphazero.competition.results import ledger

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
    """Plays the games of the control file `path` that `folder` lacks. Raises the errors of `runner.run`.

    jobs: games at once; None for half the cores, or for 32 if only networks play.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such control file")
    competition = control.read(path)
    jobs = jobs or _default_jobs(competition)
    with (
        ledger.Ledger(folder, path.stem, competition) as book,
        network_side.Networks(num_games=jobs) as networks,
    ):
        openings = opening_book.Book(competition, folder, networks)
        runner.run(
            competition,
            book,
            jobs=jobs,
            most_games=most_games,
            should_stop=should_stop,
            on_event=on_event,
            factories=game_runner.Factories(make_side=networks.make_side, make_opening=openings.opening),
        )


def _default_jobs(competition: settings.Competition) -> int:
    """Half the cores with engines, as both engines of a game may think at once; else 32 games at once."""
    players = {code for matchup in competition.matchups for code in (matchup.player_1, matchup.player_2)}
    has_engine = any(competition.players[code].command for code in players)
    return max(1, (os.cpu_count() or 1) // 2) if has_engine else _NETWORK_GAMES
