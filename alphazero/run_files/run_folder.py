"""A run's folder: its paths, its lock, and the check that a resumed run has the same fixed settings."""

import json
import os
from enum import Enum
from pathlib import Path

from alphazero import files, locks, run_paths
from alphazero.config import run as run_config
from alphazero.config import schema
from alphazero.data import targets as game_targets


class RunFolder:
    """Paths below `run.dir`. `open` creates them and holds the folder's lock until `close`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.expanduser(path)).absolute()
        self.games = self.path / run_paths.GAMES
        self.sgf = self.path / run_paths.SGF
        self.checkpoints = self.path / run_paths.CHECKPOINTS
        self.matches = self.path / run_paths.MATCHES
        self.weights = self.path / run_paths.WEIGHTS
        self.promoted = self.path / run_paths.PROMOTED
        self.refused = self.path / run_paths.REFUSED
        self.events = self.path / run_paths.EVENTS
        self.log = self.path / run_paths.LOG
        self.config = self.path / run_paths.CONFIG
        self._facts = self.path / run_paths.FACTS
        self._lock: locks.Lock | None = None

    def open(self, config: schema.Config, config_text: str) -> None:
        """Locks the folder for this process, and creates its subfolders.

        config_text: the configuration as YAML, kept as config.yaml.
        Raises ValueError, with one line of text, if the folder cannot be written or is in use, if it holds a
        run although run.resume=never, or if its run has other fixed settings, such as rules or network.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._check(config)
            for folder in (self.games, self.sgf, self.checkpoints, self.matches, self.weights, self.events):
                folder.mkdir(exist_ok=True)
            files.write_atomic(self._facts, json.dumps(fixed_settings(config), indent=1).encode())
            files.write_atomic(self.config, config_text.encode())
        except OSError as error:
            self.close()
            raise ValueError(f"run.dir={self.path}: cannot be written ({error.strerror})") from None
        except ValueError:
            self.close()
            raise

    def close(self) -> None:
        """Releases the lock."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_lock(self) -> None:
        try:
            self._lock = locks.Lock(self.path / run_paths.LOCK)
        except BlockingIOError:
            raise ValueError(f"run.dir={self.path}: another run is using this folder") from None
        except locks.NoLocksError as error:
            raise ValueError(f"run.dir={self.path}: {error}") from None

    def _check(self, config: schema.Config) -> None:
        if not self._facts.exists():
            return
        if config.run.resume is run_config.Resume.never:
            raise ValueError(f"run.dir={self.path}: already holds a run, and run.resume=never")
        try:
            before = json.loads(self._facts.read_text())
        except ValueError:
            raise ValueError(f"{self._facts}: is corrupt; remove it to continue with this folder") from None
        for key, now in fixed_settings(config).items():
            if before.get(key, now) != now:
                raise ValueError(
                    f"{key}={now}: the run in {self.path} has {before[key]}; choose another run.dir"
                )


def fixed_settings(config: schema.Config) -> dict[str, object]:
    """Settings that a resumed run cannot change."""
    heads = (f"net.{target.name}" for target in game_targets.auxiliary())
    rules = ("game.size", "game.komi", "game.ko", "game.suicide")
    values: dict[str, object] = {}
    for key in (
        *rules,
        "net.blocks",
        "net.filters",
        "net.family",
        "net.trunk",
        "net.inputs",
        *heads,
        "data.path",
    ):  # the path: supervised training only
        group, name = key.split(".")
        value = getattr(getattr(config, group), name)
        values[key] = value.value if isinstance(value, Enum) else value
    return values | {"game.sizes": list(config.game.shares)}  # the shares may change
