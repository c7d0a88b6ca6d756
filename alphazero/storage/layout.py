"""Layout of a mirror: the files of a run's folder that it holds, under the same names.

weights/promoted/00007-<sha8>.txt.gz .json latest.json    network (or .bin.gz), certificate, the pointer last
checkpoints/step-00001000/state.pt meta.json latest       state, meta.json, the pointer last
games/*.games                                             with mirror.games=true
config.yaml run.json status.json games/earlier.json       small files
mirror.json                                               the run's identity; written first, restored first
"""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from alphazero import files, run_paths
from alphazero.storage import stores

SMALL = (
    run_paths.CONFIG,
    run_paths.FACTS,
    run_paths.STATUS,
    f"{run_paths.GAMES}/{run_paths.EARLIER_GAMES}",
)


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
    found = [name for name in names if name.startswith(prefix) and _is_certificate(name[len(prefix) :])]
    return sorted(found, key=lambda name: (int(name[len(prefix) :].partition("-")[0]), name))


def steps(names: Iterable[str]) -> list[int]:
    """Steps of the complete checkpoints among `names`, in order."""
    found = (step_of(name) for name in names if name.endswith(f"/{run_paths.META}"))
    return sorted(step for step in found if step is not None)


def step_of(name: str) -> int | None:
    """The step of the checkpoint to which a file belongs, None if it belongs to none."""
    folder, _, file = name.rpartition("/")
    parent, _, checkpoint_name = folder.rpartition("/")
    is_file = parent == run_paths.CHECKPOINTS and file in (run_paths.STATE, run_paths.META)
    return run_paths.step_of(checkpoint_name) if is_file else None


def checkpoint(step: int) -> tuple[str, str]:
    """Names of a checkpoint's state and meta.json, in the order in which they are written."""
    folder = f"{run_paths.CHECKPOINTS}/{run_paths.of_step(step)}"
    return f"{folder}/{run_paths.STATE}", f"{folder}/{run_paths.META}"


def claim(folder: Path, store: stores.Store, key: str = "mirror.uri") -> None:
    """Makes `store` this run's mirror if it is empty; ValueError if it is another run's mirror.

    Two runs in one mirror would remove each other's checkpoints.
    """
    ours, theirs = _identity_here(folder), _identity_in(store)
    if theirs is None:
        ours = ours or secrets.token_hex(8)
        content = json.dumps({"run": ours}).encode()
        files.write_atomic(folder / run_paths.IDENTITY, content)
        store.write(run_paths.IDENTITY, content)
    elif ours != theirs:
        raise ValueError(
            f"{key}={store.name}: holds another run than {folder}; choose another place, "
            f"or go on with that run: alphazero pull {store.name} EMPTY_FOLDER --run"
        )


def _is_certificate(name: str) -> bool:
    stem = name.removesuffix(run_paths.CERTIFICATE_SUFFIX)
    return stem != name and run_paths.NETWORK.fullmatch(stem) is not None


def _identity_here(folder: Path) -> str | None:
    try:
        return _identity((folder / run_paths.IDENTITY).read_bytes())
    except OSError:
        return None


def _identity_in(store: stores.Store) -> str | None:
    try:
        return _identity(store.read(run_paths.IDENTITY))
    except stores.MissingError:
        return None


def _identity(content: bytes) -> str:
    """The run that a mirror.json names; a damaged file gives a name that matches no run."""
    try:
        return str(json.loads(content)["run"])
    except (ValueError, KeyError, TypeError):
        return "damaged"
