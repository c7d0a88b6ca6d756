"""Totals of earlier games whose log is missing, because their run was restored without it."""

import json
from pathlib import Path
from typing import NamedTuple

from alphazero import files, run_paths
from alphazero.data import record as records


class EarlierGames(NamedTuple):
    """Totals of the games that are missing from the log."""

    games: int
    positions: int
    ends: dict[str, int]
    """Number of games by how they ended (record.END_REASONS)."""


def write(folder: Path, status: Path) -> None:
    """Writes the totals in a run's status.json to the log's folder; a corrupt status.json is ignored."""
    try:
        totals = json.loads(status.read_bytes())
        ends = {end: int(totals["ends"][end]) for end in records.END_REASONS}
        content = {"games": int(totals["games"]), "positions": int(totals["positions"]), "ends": ends}
    except (ValueError, KeyError, TypeError):
        return
    files.write_atomic(folder / run_paths.EARLIER_GAMES, json.dumps(content).encode())


def read(folder: Path) -> EarlierGames:
    """The totals that `write` wrote, zeros if it wrote none; raises ValueError if the file is corrupt."""
    path = folder / run_paths.EARLIER_GAMES
    try:
        content = json.loads(path.read_bytes())
        return EarlierGames(int(content["games"]), int(content["positions"]), dict(content["ends"]))
    except FileNotFoundError:
        return EarlierGames(0, 0, {})
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path}: is corrupt; remove it to continue without earlier games") from None
