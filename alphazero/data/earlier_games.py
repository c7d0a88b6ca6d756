"""Games that count although their log is not here: those of a run that was restored without them."""

import json
from pathlib import Path
from typing import NamedTuple

from alphazero import files
from alphazero.data import record

FILE = "earlier.json"


class EarlierGames(NamedTuple):
    """Totals of the games that are missing from the log."""

    games: int
    positions: int
    ends: dict[str, int]
    """Games by how they ended (record.END_REASONS)."""


def write(folder: Path, status: Path) -> None:
    """Keeps in the log's folder the totals that a run's status.json gives; one that is damaged gives none."""
    try:
        totals = json.loads(status.read_bytes())
        ends = {end: int(totals["ends"][end]) for end in record.END_REASONS}
        content = {"games": int(totals["games"]), "positions": int(totals["positions"]), "ends": ends}
    except (ValueError, KeyError, TypeError):
        return
    files.write_atomic(folder / FILE, json.dumps(content).encode())


def read(folder: Path) -> EarlierGames:
    """What `write` kept, zeros without it; ValueError in one line if it is damaged."""
    path = folder / FILE
    try:
        content = json.loads(path.read_bytes())
        return EarlierGames(int(content["games"]), int(content["positions"]), dict(content["ends"]))
    except FileNotFoundError:
        return EarlierGames(0, 0, {})
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path}: is damaged; remove it to go on without earlier games") from None
