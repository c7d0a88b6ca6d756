"""Lookup of the weight file for a user's path, which may be a file or a folder."""

import json
import os
from pathlib import Path

from alphazero import run_paths
from alphazero.net import leela
from alphazero.run_files import promotion


def load(source: str | Path) -> leela.Weights:
    """Loads the network in the file `source`, or the latest promoted one of the folder `source`.

    A folder is a run's folder, its weights/ or weights/promoted. Raises ValueError with a one-line message if
    the file is missing, is not a network, or does not match its certificate.
    """
    path = Path(os.path.expanduser(source))
    if path.is_dir():
        return _latest(path).load()
    try:
        return leela.read(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _latest(folder: Path) -> promotion.Promoted:
    for place in (folder / run_paths.PROMOTED, folder / "promoted", folder):
        pointer = place / run_paths.LATEST_NETWORK
        if pointer.is_file():
            try:
                name = Path(json.loads(pointer.read_bytes())["certificate"]).name
            except (OSError, ValueError, KeyError, TypeError):
                raise ValueError(f"{pointer}: is corrupt") from None
            return promotion.read_certificate(place / name)
    raise ValueError(f"{folder}: does not contain a promoted network ({run_paths.LATEST_NETWORK} is missing)")
