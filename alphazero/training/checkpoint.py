"""Checkpoints on disk. Each is a folder that is either complete or absent, and is verified when it is read.

step-00001000/state.pt    the learner's state, tensors and plain Python only
step-00001000/meta.json   step, size and sha256 of state.pt
latest                    name of the newest folder, written last, for people and scripts
"""

import io
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero import files, run_paths
from alphazero.config import training as training_config

_logger = logging.getLogger(__name__)

OnCorruption = Callable[[str], None]


def newest_step(folder: Path) -> int:
    """Step of the newest checkpoint by its name, without reading it; 0 if there is none."""
    return max(_steps(folder), default=0)


def of_run(folder: Path, config: training_config.TrainingConfig) -> "Checkpoints":
    """The checkpoints in a run's folder, with the configured rules for removal."""
    return Checkpoints(folder, config.keep_checkpoints, config.keep_every_steps)


class Checkpoints:
    """The checkpoints of one run. Only one process may write them."""

    def __init__(self, folder: Path, keep: int, keep_every: int = 0) -> None:
        """keep: number of newest checkpoints to keep. keep_every: multiples of it also stay, 0 for none."""
        self._folder = folder
        self._keep = keep
        self._keep_every = keep_every

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Adds a checkpoint and removes those beyond `keep`. A crash leaves earlier ones complete.

        Does nothing if this step has a complete one, as when a restarted learner saves before its first step.
        Raises OSError, and leaves nothing half-written, if the disk is full or not writable.
        """
        if self._is_whole(step):
            return
        import torch  # not above: callers of `newest_step` should not wait for this import

        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getvalue()
        meta = {"step": step, "bytes": len(data), "sha256": files.sha256(data)}
        target = self._path(step)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._remove_leftovers()
        temporary = self._folder / f".{target.name}.{os.getpid()}.tmp"
        try:
            files.write_atomic(temporary / run_paths.STATE, data)
            files.write_atomic(temporary / run_paths.META, json.dumps(meta).encode())
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        if target.exists():
            shutil.rmtree(target)  # damaged
        temporary.rename(target)
        files.sync_folder(self._folder)
        files.write_atomic(self._folder / run_paths.LATEST_CHECKPOINT, f"{target.name}\n".encode())
        for old in _steps(self._folder)[: -self._keep]:
            if not self._keep_every or old % self._keep_every:
                shutil.rmtree(self._path(old))

    def load_newest(self, on_corruption: OnCorruption = _logger.warning) -> dict[str, Any] | None:
        """The newest complete state, or None. Damaged checkpoints are reported and skipped."""
        for step in reversed(_steps(self._folder)):
            try:
                return _read(self._path(step))
            except ValueError as error:
                on_corruption(f"checkpoint skipped: {error}")
        return None

    def _is_whole(self, step: int) -> bool:
        try:
            _read(self._path(step))
        except ValueError:
            return False
        return True

    def _path(self, step: int) -> Path:
        return self._folder / run_paths.of_step(step)

    def _remove_leftovers(self) -> None:
        for leftover in self._folder.glob(f".{run_paths.ANY_STEP}.tmp"):
            shutil.rmtree(leftover)


def _steps(folder: Path) -> list[int]:
    """Steps of all checkpoints, in ascending order."""
    if not folder.is_dir():
        return []
    steps = (run_paths.step_of(path.name) for path in folder.iterdir())
    return sorted(step for step in steps if step is not None)


def _read(path: Path) -> dict[str, Any]:
    """The state in a checkpoint's folder. Raises ValueError with one line if it is missing or damaged."""
    import torch

    try:
        meta = json.loads((path / run_paths.META).read_bytes())
        data = (path / run_paths.STATE).read_bytes()
        if files.sha256(data) != meta["sha256"]:
            raise ValueError(
                f"{path / run_paths.STATE}: {len(data)} bytes do not match the sha256 in {run_paths.META}"
            )
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from error
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path / run_paths.META}: is damaged") from error
    return torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
