"""Observation of a run's folder and processes from outside, without calls to the run."""

import json
import re
import threading
import time
from datetime import datetime
from pathlib import Path

from alphazero import run_paths
from alphazero.data import gamelog
from alphazero.report import status
from alphazero.run_files import promotion, run_folder
from alphazero.training import checkpoint
from tools.chaos import record as chaos_records
from tools.chaos import world

_POLL_S = 0.5
_COUNT_EVERY = 20
"""Polls between two counts of the games."""
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z]+ (\d+) (\S+): (.*)")


class Watcher:
    """Fills a record during the run, in a separate thread."""

    def __init__(self, folder: Path) -> None:
        """folder: the run's, which need not exist yet."""
        self.record = chaos_records.ChaosRecord()
        self._folder = run_folder.RunFolder(folder)
        self._alive: dict[int, chaos_records.Life] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins polling."""
        self._thread.start()

    def stop(self) -> chaos_records.ChaosRecord:
        """Ends polling, reads all files a last time and returns the record. The run must be over."""
        self._over.set()
        self._thread.join()
        self._sample(counts=True)
        self._read_games()
        self.record.lines = read_lines(self._folder.log)
        self.record.networks = read_networks(self._folder.promoted)
        return self.record

    @property
    def newest(self) -> chaos_records.RunSample | None:
        """The last sample of the run's files; None before the first one."""
        return self.record.samples[-1] if self.record.samples else None

    def _run(self) -> None:
        polls = 0
        while not self._over.wait(_POLL_S):
            try:
                self._sample(counts=polls % _COUNT_EVERY == 0)
            except FileNotFoundError:
                continue  # renamed between listing and reading
            polls += 1

    def _sample(self, counts: bool) -> None:
        now = time.time()
        self._note_lives(now)
        # Before status.json is read: games that it counts after this poll must not seem to be missing.
        newest_checkpoint = checkpoint.newest_step(self._folder.checkpoints)
        path = self._folder.path / run_paths.STATUS
        if path.exists():
            written, shown = path.stat().st_mtime, status.Status.load(path)
            self.record.samples.append(
                chaos_records.RunSample(
                    time=now,
                    written=written,
                    games=shown.games,
                    step=shown.step,
                    promotions=shown.promotions,
                    checkpoint=newest_checkpoint,
                )
            )
        if counts:
            self._count_games(now)
            self._note_promoted()

    def _note_lives(self, now: float) -> None:
        seen = {pid: kind for kind, pids in world.actors().items() for pid in pids}
        for pid in [pid for pid, life in self._alive.items() if seen.get(pid) != life.kind]:
            self._alive.pop(pid).ended = now
        for pid, kind in seen.items():
            if pid not in self._alive:
                self._alive[pid] = chaos_records.Life(kind=kind, pid=pid, began=now)
                self.record.lives.append(self._alive[pid])

    def _count_games(self, now: float) -> None:
        # The last frame of a file may be incomplete.
        for entry in gamelog.GameLog(self._folder.games).entries(lambda corruption: None):
            self.record.seen.setdefault(entry.game_id, now)

    def _note_promoted(self) -> None:
        for path in self._folder.promoted.glob("*-*.json"):
            if path.name not in self.record.promoted:
                self.record.promoted[path.name] = json.loads(path.read_bytes())["sha256"]

    def _read_games(self) -> None:
        def on_corruption(corruption: gamelog.CorruptRecord) -> None:
            self.record.corruptions.append(str(corruption))

        log = gamelog.GameLog(self._folder.games)
        for path in sorted(self._folder.games.glob(run_paths.GAME_LOGS)):
            for entry in gamelog.entries_of(path, on_corruption):
                game = log.read(entry)
                self.record.games.append(
                    chaos_records.LoggedGame(
                        id=game.game_id,
                        written=entry.time_ns / 1e9,
                        oldest=game.oldest_weights,
                        newest=game.newest_weights,
                    )
                )


def read_lines(path: Path) -> list[chaos_records.LogLine]:
    """The messages of a log.txt; lines in another format belong to the message before them."""
    lines = []
    for text in path.read_text(errors="replace").splitlines():
        if match := _LINE.fullmatch(text):
            moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S,%f").timestamp()
            lines.append(
                chaos_records.LogLine(time=moment, pid=int(match[2]), source=match[3], text=match[4])
            )
    return lines


def read_networks(folder: Path) -> list[chaos_records.PromotedNetwork]:
    """The networks of all certificates in the order of their numbers, each with its error if it has one."""
    found = []
    for path in sorted(folder.glob("*-*.json"), key=lambda path: promotion.number_of(path.name)):
        number, steps, trouble = promotion.number_of(path.name), -1, ""
        try:
            promoted = promotion.read_certificate(path)
            steps = int(promoted.certificate["steps"])
            promoted.load()
        except (KeyError, ValueError) as error:
            trouble = str(error) or type(error).__name__
        found.append(chaos_records.PromotedNetwork(number=number, steps=steps, trouble=trouble))
    return found
