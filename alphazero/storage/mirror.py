"""Mirror of a run's folder: sends the files that the other place lacks, in an order that is safe for readers.

The run's folder is the truth; nothing is ever read from the mirror into it. A large file counts as sent if
the mirror holds a file of its size. A certificate or meta.json counts as sent if the mirror holds the same
bytes; they carry the sha256 of the large file, which is sent before them.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from alphazero import files, run_paths
from alphazero.config import schema
from alphazero.run_files import promotion
from alphazero.storage import layout, stores

_logger = logging.getLogger(__name__)


class _Pair(NamedTuple):
    """A large file, and the small file with its sha256, which is sent after it."""

    large: layout.Item
    small: layout.Item
    sha256: str


class Mirror:
    """A run's mirror. One process mirrors a run; it can be killed at any time and then resumes."""

    def __init__(
        self,
        config: schema.Config,
        folder: Path,
        store: stores.Store,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: the run's. clock: in seconds, for `mirror.state_minutes`."""
        self._config = config
        self._folder = folder
        self._store = store
        self._clock = clock
        self._there: dict[str, int] = {}  # sizes in the mirror as far as known
        self._must_list = True
        self._same: dict[str, bytes] = {}  # small files as the mirror holds them
        self._refused: set[Path] = set()
        self._pairs: dict[str, _Pair] = {}  # networks by their certificates' names
        self._state_sent: float | None = None
        self._steps: list[int] = []
        self.sent = 0
        """Files sent so far."""

    @property
    def behind(self) -> int:
        """Number of files that the mirror is known to lack."""
        pairs = [*self._networks(), *self._checkpoints(self._steps)]
        return sum(not self._is_there(item) for pair in pairs for item in pair[:2])

    def step(self, *, is_last: bool = False, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Sends new files. Raises StoreError; the next call then continues.

        is_last: the run is over, so that the checkpoint is sent at once. should_stop: called between files.
        ValueError: the mirror belongs to another run.
        """
        is_due = is_last or self._is_state_due()
        if is_due:
            self._steps = self._wanted_steps()
        try:
            self._list_if_needed()
            self._send_networks(should_stop)
            if is_due:
                self._send_state(should_stop)
        except (stores.StoreError, OSError):
            self._must_list = True  # the files there may have changed meanwhile
            raise

    def _list_if_needed(self) -> None:
        if self._must_list:
            layout.claim(self._folder, self._store)
            self._there = self._store.sizes()
            self._must_list = False

    def _is_state_due(self) -> bool:
        pause_s = 60 * self._config.mirror.state_minutes
        return self._state_sent is None or self._clock() - self._state_sent >= pause_s

    def _send_networks(self, should_stop: Callable[[], bool]) -> None:
        for pair in self._networks():
            if should_stop():
                return
            self._send_pair(pair)
        self._point_to_newest()

    def _point_to_newest(self) -> None:
        """Sends the pointer if the mirror holds its files: a promotion may have come meanwhile."""
        name = f"{run_paths.PROMOTED}/{run_paths.LATEST_NETWORK}"
        try:
            content = (self._folder / name).read_bytes()
            pointer = json.loads(content)
            needed = {f"{run_paths.PROMOTED}/{pointer[key]}" for key in ("file", "certificate")}
        except (OSError, ValueError, KeyError, TypeError):
            return
        if needed <= self._there.keys():
            self._send_small(name, content)

    def _send_state(self, should_stop: Callable[[], bool]) -> None:
        """Sends the games, the small files and then the checkpoint that was trained on the games."""
        begun = self._clock()
        if self._config.mirror.games:
            self._send_games(should_stop)
        for name in layout.SMALL:
            self._send_small(name)
        for pair in self._checkpoints(self._steps):
            if should_stop():
                return
            self._send_pair(pair)
        self._point_and_prune()
        self._state_sent = begun
        self._must_list = True  # files there may have been removed by hand

    def _send_games(self, should_stop: Callable[[], bool]) -> None:
        """Sends the files of the log that grew; their contents never change."""
        for path in sorted((self._folder / run_paths.GAMES).glob(run_paths.GAME_LOGS)):
            if should_stop():
                return
            name = f"{run_paths.GAMES}/{path.name}"
            if not self._is_there(layout.item(self._folder, name)):
                content = path.read_bytes()
                self._write(name, content, len(content))

    def _networks(self) -> Iterator[_Pair]:
        folder = self._folder / run_paths.PROMOTED
        for name in layout.certificates([path.name for path in folder.glob(run_paths.CERTIFICATES)], ""):
            path = folder / name
            if name in self._pairs:
                yield self._pairs[name]
                continue
            try:
                network = promotion.read_certificate(path)
                large = layout.item(self._folder, f"{run_paths.PROMOTED}/{network.path.name}")
                small = layout.item(self._folder, f"{run_paths.PROMOTED}/{name}")
            except (ValueError, OSError) as error:
                self._refuse(path, error)
            else:
                self._pairs[name] = _Pair(large, small, network.certificate["sha256"])
                yield self._pairs[name]

    def _checkpoints(self, steps: list[int]) -> Iterator[_Pair]:
        for step in steps:
            state, meta = layout.checkpoint(step)
            try:
                sha256 = str(json.loads((self._folder / meta).read_bytes())["sha256"])
                pair = _Pair(layout.item(self._folder, state), layout.item(self._folder, meta), sha256)
            except FileNotFoundError:
                continue  # a newer one has replaced it
            except (ValueError, KeyError, TypeError, OSError) as error:
                self._refuse(self._folder / meta, f"{self._folder / meta}: is damaged ({error})")
            else:
                yield pair

    def _wanted_steps(self) -> list[int]:
        """Steps of the checkpoints that are kept for good, and of the newest one."""
        metas = (self._folder / run_paths.CHECKPOINTS).glob(f"{run_paths.ANY_STEP}/{run_paths.META}")
        steps = layout.steps(path.relative_to(self._folder).as_posix() for path in metas)
        return [step for step in steps[:-1] if self._is_for_good(step)] + steps[-1:]

    def _is_for_good(self, step: int) -> bool:
        every = self._config.training.keep_every_steps
        return bool(every) and step % every == 0

    def _is_there(self, item: layout.Item) -> bool:
        return self._there.get(item.name) == item.size

    def _send_pair(self, pair: _Pair) -> None:
        """Sends the large file, then the small one; a warning names a damaged file, which is not sent."""
        if pair.large.path in self._refused:
            return
        try:
            content = pair.small.path.read_bytes()
            if self._is_there(pair.large) and self._is_same(pair.small.name, content):
                return
            if files.sha256_of(pair.large.path) != pair.sha256:
                self._refuse(
                    pair.large.path,
                    f"{pair.large.path}: its sha256 is not the one in {pair.small.path.name}",
                )
                return
            self._write(pair.large.name, pair.large.path, pair.large.size)
        except (stores.StoreError, FileNotFoundError):
            if pair.large.path.exists():
                raise
            return  # a newer checkpoint has replaced it
        self._send_small(pair.small.name, content)

    def _send_small(self, name: str, content: bytes | None = None) -> None:
        """Sends a small file unless the mirror holds the same; skips a missing one."""
        if content is None:
            try:
                content = (self._folder / name).read_bytes()
            except FileNotFoundError:
                return
        if not self._is_same(name, content):
            self._write(name, content, len(content))
            self._same[name] = content

    def _write(self, name: str, content: bytes | Path, size: int) -> None:
        self._store.write(name, content)
        self._there[name] = size
        self.sent += 1

    def _is_same(self, name: str, content: bytes) -> bool:
        """Whether the mirror holds this content; read only once, as no other process writes there."""
        if self._there.get(name) != len(content):
            return False
        if name not in self._same:
            self._same[name] = self._store.read(name)
        return self._same[name] == content

    def _point_and_prune(self) -> None:
        """Points at the newest checkpoint and removes old ones, as the run does in its folder."""
        newest = max(self._steps, default=0)
        held = layout.steps(self._there)
        if newest not in held:
            return
        pointer = f"{run_paths.of_step(newest)}\n".encode()
        self._send_small(f"{run_paths.CHECKPOINTS}/{run_paths.LATEST_CHECKPOINT}", pointer)
        # If the run resumed from an older state, the mirror may hold newer checkpoints, which must stay.
        before = [step for step in held if step <= newest]
        kept = set(before[-self._config.training.keep_checkpoints :])
        for file in sorted(self._there):  # meta.json comes before state.pt
            step = layout.step_of(file)
            if step is not None and step < newest and step not in kept and not self._is_for_good(step):
                self._store.remove(file)
                del self._there[file]

    def _refuse(self, path: Path, reason: object) -> None:
        """Logs, once, that a file will not be mirrored."""
        if path not in self._refused:
            self._refused.add(path)
            _logger.warning("mirror: not sent: %s", reason)
