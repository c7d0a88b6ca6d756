"""Looks at a run's folder and processes from outside, without asking the run."""

import json
import logging
import re
import threading
import time
from datetime import datetime
from pathlib import Path

from alphazero.data import gamelog, run_folder
from alphazero.evaluation import promotion
from alphazero.report import status
from alphazero.training import checkpoint
from tools.chaos import record as records
from tools.chaos import world

_LOOK_S = 0.5
_COUNT_EVERY = 20
"""Looks between two counts of the games."""
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z]+ (\d+) (\S+): (.*)")
_logger = logging.getLogger(__name__)


class Watcher:
    """Fills a record while the run goes on, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        """folder: the run's, which need not be there yet."""
        self.record = records.Record()
        self._folder = run_folder.RunFolder(folder)
        self._alive: dict[int, records.Life] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> records.Record:
        """Ends looking, reads everything a last time and returns the record. The run must be over."""
        self._over.set()
        self._thread.join()
        self._look(counts=True)
        self._read_games()
        self.record.lines = read_lines(self._folder.log)
        self.record.networks = read_networks(self._folder.weights / "promoted")
        return self.record

    @property
    def newest(self) -> records.Sample | None:
        """The last look at what is on disk, None before there was anything."""
        return self.record.samples[-1] if self.record.samples else None

    def _run(self) -> None:
        looks = 0
        while not self._over.wait(_LOOK_S):
            try:
                self._look(counts=looks % _COUNT_EVERY == 0)
            except FileNotFoundError:
                continue  # renamed between listing and reading
            looks += 1

    def _look(self, counts: bool) -> None:
        now = time.time()
        self._note_lives(now)
        # Before status.json: what it counts later than this look must not seem to be missing.
        newest_checkpoint = checkpoint.newest_step(self._folder.checkpoints)
        path = self._folder.path / "status.json"
        if path.exists():
            written, shown = path.stat().st_mtime, status.Status.load(path)
            self.record.samples.append(
                records.Sample(
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
                self._alive[pid] = records.Life(kind=kind, pid=pid, began=now)
                self.record.lives.append(self._alive[pid])

    def _count_games(self, now: float) -> None:
        # The last frame of a file may just be under way.
        for entry in gamelog.GameLog(self._folder.games).entries(lambda damage: None):
            self.record.seen.setdefault(entry.game_id, now)

    def _note_promoted(self) -> None:
        for path in (self._folder.weights / "promoted").glob("*-*.json"):
            if path.name not in self.record.promoted:
                self.record.promoted[path.name] = json.loads(path.read_bytes())["sha256"]

    def _read_games(self) -> None:
        def on_damage(damage: gamelog.Damage) -> None:
            self.record.damages.append(str(damage))

        log = gamelog.GameLog(self._folder.games)
        for path in sorted(self._folder.games.glob("*.games")):
            for entry in gamelog.entries_of(path, on_damage):
                game = log.read(entry)
                self.record.games.append(
                    records.Game(
                        id=game.game_id,
                        written=entry.time_ns / 1e9,
                        oldest=game.oldest_weights,
                        newest=game.newest_weights,
                    )
                )


def read_lines(path: Path) -> list[records.Line]:
    """The messages of a log.txt; lines of another form belong to the message before them."""
    lines = []
    for text in path.read_text(errors="replace").splitlines():
        if match := _LINE.fullmatch(text):
            moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S,%f").timestamp()
            lines.append(records.Line(time=moment, pid=int(match[2]), source=match[3], text=match[4]))
    return lines


def read_networks(folder: Path) -> list[records.Network]:
    """All certificates by their numbers, each with what is wrong with it."""
    found = []
    for path in sorted(folder.glob("*-*.json"), key=lambda path: promotion.number_of(path.name)):
        number, steps, trouble = promotion.number_of(path.name), -1, ""
        try:
            promoted = promotion.read_certificate(path)
            steps = int(promoted.certificate["steps"])
            promoted.load()
        except (KeyError, ValueError) as error:
            trouble = str(error) or type(error).__name__
        found.append(records.Network(number=number, steps=steps, trouble=trouble))
    return found
