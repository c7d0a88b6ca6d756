"""Layout of a mirror: the files of a run's folder that it holds, under the same names.

weights/promoted/00007-<sha8>.txt.gz .json latest.json    network, certificate, the pointer last
checkpoints/step-00001000/state.pt meta.json latest       state, meta.json, the pointer last
games/*.games                                             with mirror.games=true
config.yaml run.json status.json games/earlier.json       small files
mirror.json                                               the run's identity; written first, restored first
"""

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from alphazero import files
from alphazero.storage import stores

PROMOTED, CHECKPOINTS, GAMES = "weights/promoted", "checkpoints", "games"
IDENTITY = "mirror.json"
SMALL = ("config.yaml", "run.json", "status.json", "games/earlier.json")
STATE, META = "state.pt", "meta.json"
_CERTIFICATE = re.compile(r"\d{5,}-[0-9a-f]{8}\.json")
_STEP = re.compile(rf"{CHECKPOINTS}/step-(\d{{8,}})/({STATE}|{META})")


class Item(NamedTuple):
    """A file that a mirror should hold."""

    name: str
    path: Path
    size: int


def item(folder: Path, name: str) -> Item:
    """The file `name` of a run's folder; OSError if it is not there."""
    return Item(name, folder / name, (folder / name).stat().st_size)


def certificates(names: Iterable[str], folder: str) -> list[str]:
    """The names of certificates directly in `folder`, oldest first."""
    prefix = f"{folder}/" if folder else ""
    found = [
        name for name in names if name.startswith(prefix) and _CERTIFICATE.fullmatch(name[len(prefix) :])
    ]
    return sorted(found, key=lambda name: (int(name[len(prefix) :].partition("-")[0]), name))


def steps(names: Iterable[str]) -> list[int]:
    """Steps of the complete checkpoints among `names`, in order."""
    found = (step_of(name) for name in names if name.endswith(f"/{META}"))
    return sorted(step for step in found if step is not None)


def step_of(name: str) -> int | None:
    """The step of the checkpoint to which a file belongs, None if it belongs to none."""
    match = _STEP.fullmatch(name)
    return int(match[1]) if match else None


def checkpoint(step: int) -> tuple[str, str]:
    """Names of a checkpoint's state and meta.json, in the order in which they are written."""
    folder = f"{CHECKPOINTS}/step-{step:08d}"
    return f"{folder}/{STATE}", f"{folder}/{META}"


def claim(folder: Path, store: stores.Store, key: str = "mirror.uri") -> None:
    """Makes `store` this run's mirror if it is empty; ValueError if it is another run's mirror.

    Two runs in one mirror would remove each other's checkpoints.
    """
    ours, theirs = _identity_here(folder), _identity_in(store)
    if theirs is None:
        ours = ours or secrets.token_hex(8)
        content = json.dumps({"run": ours}).encode()
        files.write_atomic(folder / IDENTITY, content)
        store.write(IDENTITY, content)
    elif ours != theirs:
        raise ValueError(
            f"{key}={store.name}: holds another run than {folder}; choose another place, "
            f"or go on with that run: alphazero pull {store.name} EMPTY_FOLDER --run"
        )


def _identity_here(folder: Path) -> str | None:
    try:
        return _identity((folder / IDENTITY).read_bytes())
    except OSError:
        return None


def _identity_in(store: stores.Store) -> str | None:
    try:
        return _identity(store.read(IDENTITY))
    except stores.MissingError:
        return None


def _identity(content: bytes) -> str:
    """The run that a mirror.json names; a damaged file gives a name that matches no run."""
    try:
        return str(json.loads(content)["run"])
    except (ValueError, KeyError, TypeError):
        return "damaged"
