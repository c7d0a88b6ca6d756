"""Forks of a run: copies of its folder that go on with other settings, for some minutes at a time."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from alphazero import files, locks, run_paths
from alphazero.config import compose, schema
from alphazero.config import run as run_config
from alphazero.net import weights as network_weights
from alphazero.report import status
from alphazero.run_files import run_folder
from alphazero.training import checkpoint, learner

_LEFT_BEHIND = (
    *(run_paths.LOCK, run_paths.LOG, run_paths.EVENTS, run_paths.MATCHES, run_paths.SGF, run_paths.IDENTITY),
    run_paths.LADDER,
)
_OWN_KEYS = ("run.dir", "run.resume", "stop.", "mirror.", "init.")
"""Settings of forks that the user cannot choose."""
_DEFAULTS = ("ladder.games_per_network=0",)
"""Settings of forks that the run does not have and the user may change: a ladder only takes time."""
_SETTINGS = "settings"
"""Folder in a fork for Hydra, which reads SETTINGS/conf/fork.yaml as conf=fork."""
_POLL_S = 0.5
_SAVING_S = 120.0


class Fork:
    """A fork in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def minutes(self) -> float:
        """Running time so far, that of the original run included."""
        return status.minutes_so_far(self.folder)

    @property
    def config(self) -> schema.Config:
        """Its settings; ValueError in one line if its folder is damaged."""
        return compose.of_run(self.folder)

    def play_until(self, minutes: float, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Runs one session until the fork has so many minutes. Returns False if `should_stop` ended it.

        What the session prints goes to the fork's `session.txt`. Raises RuntimeError if it fails or ends
        early.
        """
        command = [sys.executable, "-m", "alphazero.run", "--config-dir", str(self.folder / _SETTINGS)]
        output = self.folder / "session.txt"
        with output.open("ab") as log:
            session = subprocess.Popen(
                [*command, "conf=fork"], stdout=log, stderr=log, start_new_session=True
            )
            is_stopped = False
            try:
                while session.poll() is None and self.minutes < minutes and not is_stopped:
                    time.sleep(_POLL_S)
                    is_stopped = should_stop()
            finally:
                code = _end(session)
        if is_stopped:
            return False
        # Python dies of the signal itself if it comes before the run has begun.
        if code not in (0, 130, -signal.SIGINT) or self.minutes < minutes:
            raise RuntimeError(f"a session of {self.folder} ended early with code {code}; see {output}")
        return True

    def network(self) -> network_weights.Weights:
        """The averaged network of the newest checkpoint; ValueError in one line if there is none."""
        state = checkpoint.Checkpoints(self.folder / run_paths.CHECKPOINTS, keep=1).load_newest()
        if state is None:
            raise ValueError(f"{self.folder}: has no checkpoint yet")
        trained = learner.Learner(self.config)
        trained.load_state(state)
        return trained.candidate()


def settings(source: Path, folder: Path, words: Sequence[str], minutes: float) -> schema.Config:
    """The settings of a fork of the run in `source`, changed by `words`.

    minutes: the bound of its schedule, counted from the start of the run. Raises ValueError with one line if
    `source` holds no run, for mistakes in the words, and for settings that a fork cannot have.
    """
    run = compose.of_run(source)
    for word in words:
        if word.lstrip("+").startswith(_OWN_KEYS):
            raise ValueError(f"{word}: a comparison sets this itself")
    config = compose.changed(run, [*_DEFAULTS, *words])
    fixed, before = run_folder.fixed_settings(config), run_folder.fixed_settings(run)
    for key, value in fixed.items():
        if value != before[key]:
            raise ValueError(f"{key}={value}: forks go on with the run's {before[key]}; see --supervised")
    return replace(
        config,
        run=replace(config.run, dir=str(folder), resume=run_config.Resume.auto),
        stop=run_config.StopConfig(minutes=minutes),
        mirror=replace(config.mirror, uri=None),
    )


def make(source: Path, folder: Path, config: schema.Config) -> Fork:
    """Copies the run in `source` to `folder`; ValueError in one line if it is running.

    config: from `settings`.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with locks.Lock(source / run_paths.LOCK):
            shutil.copytree(source, partial, ignore=_ignored(source))
    except BlockingIOError:
        raise ValueError(f"{source}: is running; stop it first, the same command resumes it later") from None
    text = compose.to_yaml(config)
    (partial / _SETTINGS / "conf").mkdir(parents=True)
    (partial / _SETTINGS / "conf" / "fork.yaml").write_text(f"# @package _global_\n{text}")
    (partial / run_paths.CONFIG).write_text(text)
    files.sync_folder(partial)
    partial.rename(folder)
    return Fork(folder)


def _ignored(source: Path) -> Callable[[str, list[str]], list[str]]:
    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in _LEFT_BEHIND] if Path(folder) == source else []

    return ignored


def _end(session: subprocess.Popen[bytes]) -> int:
    """Lets the session save and end; returns its exit code."""
    if session.poll() is None:
        session.send_signal(signal.SIGINT)
    try:
        return session.wait(_SAVING_S)
    except subprocess.TimeoutExpired:
        os.killpg(session.pid, signal.SIGKILL)
        return session.wait()
