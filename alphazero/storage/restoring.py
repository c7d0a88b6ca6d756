"""Restoration of a run's folder from its mirror, to continue the run on a new machine."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from alphazero import files, locks, run_paths
from alphazero.data import earlier_games
from alphazero.storage import layout, partial, pulling, stores


def restore(source: stores.Store, dest: Path, say: pulling.Say, complain: pulling.Say) -> bool:
    """Makes the run's folder `dest` from its mirror; returns whether all networks and checkpoints were valid.

    It can be killed at any time, and the next call continues: until all files are there they lie beside
    `dest`, in .NAME.restoring. ValueError if `dest` is not empty or `source` is not a mirror; StoreError if
    it is out of reach; DamagedError if all checkpoints are damaged.
    """
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        raise ValueError(f"DEST={dest}: must be an empty folder or not exist yet")
    sizes = source.sizes()
    if run_paths.IDENTITY not in sizes:
        raise ValueError(f"SOURCE={source.name}: is not a mirror of a run (it has no {run_paths.IDENTITY})")
    staging = dest.absolute().with_name(f".{dest.absolute().name}.restoring")
    with _held(staging):
        is_whole = _fill(source, sizes, staging, complain)
        dest.mkdir(parents=True, exist_ok=True)
        staging.replace(dest)
        files.sync_folder(dest.absolute().parent)
    say(str(dest))
    return is_whole


def _fill(source: stores.Store, sizes: dict[str, int], staging: Path, complain: pulling.Say) -> bool:
    identity = source.read(run_paths.IDENTITY)
    begun = staging / run_paths.IDENTITY
    if begun.exists() and begun.read_bytes() != identity:
        raise ValueError(f"{staging}: holds a part of another run; remove it")
    files.write_atomic(begun, identity)
    networks = pulling.Puller(source, staging / run_paths.PROMOTED, say=lambda line: None, complain=complain)
    is_whole = networks.copy(layout.certificates(sizes, run_paths.PROMOTED))
    is_whole &= _copy_checkpoints(source, layout.steps(sizes), staging, complain)
    for name in layout.SMALL:
        if name in sizes:
            files.write_atomic(staging / name, source.read(name))
    _copy_games(source, sizes, staging)
    return is_whole


def _copy_checkpoints(source: stores.Store, steps: list[int], staging: Path, complain: pulling.Say) -> bool:
    """Copies the undamaged checkpoints and returns whether all are; DamagedError if none of them is."""
    damaged = 0
    for step in reversed(steps):
        state, meta = layout.checkpoint(step)
        try:
            content = source.read(meta)
            sha256 = _promised(content, f"{source.name}/{meta}")
            target = staging / state
            if not (target.is_file() and files.sha256_of(target) == sha256):
                pulling.fetch(source, state, target, sha256, run_paths.META)
        except (pulling.DamagedError, stores.MissingError) as error:
            complain(str(error))
            damaged += 1
            shutil.rmtree((staging / state).parent, ignore_errors=True)
        else:
            files.write_atomic(staging / meta, content)
    if steps and damaged == len(steps):
        raise pulling.DamagedError(f"{source.name}: all of its checkpoints are damaged")
    return not damaged


def _promised(meta: bytes, where: str) -> str:
    try:
        return str(json.loads(meta)["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise pulling.DamagedError(f"{where}: is damaged") from error


def _copy_games(source: stores.Store, sizes: dict[str, int], staging: Path) -> None:
    """Copies the log, whose games have their own checksums; without a log, writes the games' totals."""
    folder = staging / run_paths.GAMES
    logs = [
        name
        for name in sizes
        if name.startswith(f"{run_paths.GAMES}/") and name.endswith(run_paths.GAME_LOG_SUFFIX)
    ]
    for name in logs:
        target = staging / name
        if target.is_file() and target.stat().st_size == sizes[name]:
            continue
        with partial.new_file(target) as file:
            for chunk in source.chunks(name):
                file.write(chunk)
    status = staging / run_paths.STATUS
    if not logs and status.exists():
        earlier_games.write(folder, status)


@contextlib.contextmanager
def _held(staging: Path) -> Iterator[None]:
    """Locks the folder during a restoration; ValueError if another process restores into it."""
    staging.mkdir(parents=True, exist_ok=True)
    try:
        lock = locks.Lock(staging)
    except BlockingIOError:
        raise ValueError(f"{staging}: another process is restoring this run") from None
    with lock:
        yield
