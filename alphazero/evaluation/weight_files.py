"""Networks by a user's text: `--weights` of commands, `init.weights`, `weights` in control files."""

import dataclasses
import json
import os
import stat
from pathlib import Path

from alphazero import run_paths
from alphazero.config import schema
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion

FORMS = "a weight file, a run's folder, its weights/, or a folder of promoted files"
"""What `find` accepts, for help texts."""
UNIFORM = "none"
"""Stands for the network with uniform policy and value 0, where engines and players accept it."""


def find(source: str | Path) -> Path:
    """The weight file that a user's text names: see `FORMS`; a folder means its newest promoted network.

    `~` is the user's home. Raises ValueError with one line if there is nothing at `source`, if the folder has
    no promoted network, or if that network does not match its certificate. A file is not read.
    """
    path = Path(os.path.expanduser(source))
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if not is_folder:
        return path
    newest = _newest(path)
    newest.read_bytes()
    return newest.path


def load(source: str | Path) -> network_weights.Weights:
    """Loads the network that `find` returns. Also raises ValueError if the file is not a network."""
    path = find(source)
    try:
        return network_weights.read(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def with_start(config: schema.Config) -> schema.Config:
    """The settings with the weight file that `init.weights` names; ValueError as in `find`.

    It is found once, so that all processes of a run begin with the same network, even if another run promotes
    its next one in the meantime.
    """
    if config.init.weights is None:
        return config
    try:
        path = find(config.init.weights)
    except ValueError as error:
        raise ValueError(f"init.weights={error}") from None
    return dataclasses.replace(config, init=dataclasses.replace(config.init, weights=str(path)))


def _newest(folder: Path) -> promotion.Promoted:
    for place in (folder / run_paths.PROMOTED, folder / "promoted", folder):
        pointer = place / run_paths.LATEST_NETWORK
        if pointer.is_file():
            try:
                name = Path(json.loads(pointer.read_bytes())["certificate"]).name
            except (OSError, ValueError, KeyError, TypeError):
                raise ValueError(f"{pointer}: is corrupt") from None
            return promotion.read_certificate(place / name)
    raise ValueError(f"{folder}: does not contain a promoted network ({run_paths.LATEST_NETWORK} is missing)")
