"""The folder of a competition: what has been played, kept so that a kill at any time loses no counted game.

games.jsonl is the truth: one `record.GameResult` a line, written when its SGF file is on the disk.

competition.json  the settings of the last run, and how players described themselves
games.jsonl       games that count        games/ID.sgf
void.jsonl        games that do not       void/ID-N.sgf and its logs; N counts the attempts at this game
logs/             ID.gtp, ID.CODE.stderr
report.txt, report.json, log.txt, lock
"""

import contextlib
import datetime
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.competition import record, saved, settings


@dataclass(slots=True, kw_only=True)
class Contents:
    """What a folder knows."""

    name: str
    competition: settings.Competition
    results: list[record.GameResult] = field(default_factory=list)
    """In the order in which the games ended."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """By code, what players said about themselves in their last game."""


def read(folder: Path) -> Contents:
    """What is in a folder, which may be in use; ValueError in one line if it is no competition's."""
    path = folder / "competition.json"
    if not path.exists():
        raise ValueError(f"{folder}: holds no competition")
    with _naming(path):
        data = json.loads(path.read_text())
        contents = Contents(
            name=data["name"],
            competition=saved.from_json(data["competition"]),
            descriptions=data["descriptions"],
        )
    contents.results = _read_results(folder / "games.jsonl")
    return contents


class Ledger:
    """A competition's folder in use, by one process at a time; a context manager."""

    def __init__(self, folder: Path, name: str, competition: settings.Competition) -> None:
        """Takes the folder; ValueError in one line if it cannot be had or holds another competition."""
        self.folder = folder
        self.contents = Contents(name=name, competition=competition)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _take_lock(folder)
        except OSError as error:
            raise ValueError(f"{folder}: cannot be written ({error.strerror})") from None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def add(self, game: record.GameResult, sgf: bytes | None, descriptions: Mapping[str, str]) -> None:
        """A game counts from the moment when this returns, whatever happens then."""
        if sgf is not None:
            files.write_atomic(self.folder / "games" / f"{game.game_id}.sgf", sgf)
        _append(self.folder / "games.jsonl", game.line())
        self.contents.results.append(game)
        told = {**self.contents.descriptions, **descriptions}
        if told != self.contents.descriptions:
            self.contents.descriptions = told
            self._write_competition()

    def add_void(self, game_id: str, reason: str, sgf: bytes | None, logs: Sequence[Path]) -> None:
        """Keeps what there is of a game that will be played again; its logs are moved."""
        path = self.folder / "void.jsonl"
        before = [line for line in _whole_lines(path) if json.loads(line)["game_id"] == game_id]
        name = f"{game_id}-{len(before) + 1}"
        if sgf is not None:
            files.write_atomic(self.folder / "void" / f"{name}.sgf", sgf)
        for log in filter(Path.exists, logs):
            (self.folder / "void").mkdir(exist_ok=True)
            log.replace(self.folder / "void" / f"{name}{log.name.removeprefix(game_id)}")
        _append(path, json.dumps({"game_id": game_id, "attempt": name, "reason": reason, "time": _now()}))

    def write_reports(self, text: str, data: Mapping[str, Any]) -> None:
        """Replaces report.txt and report.json."""
        files.write_atomic(self.folder / "report.txt", text.encode())
        files.write_atomic(self.folder / "report.json", (json.dumps(data, indent=1) + "\n").encode())

    def note(self, text: str) -> None:
        """A line in log.txt."""
        with (self.folder / "log.txt").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{_now()} {' '.join(text.split())}\n")

    def log_path(self, name: str) -> Path:
        """Where a log of a game belongs."""
        return self.folder / "logs" / name

    def _open(self) -> None:
        for name in ("games.jsonl", "void.jsonl"):
            _drop_half_line(self.folder / name)
        self.contents.results = _read_results(self.folder / "games.jsonl")
        _check_pairs(self.folder, self.contents)
        path = self.folder / "competition.json"
        if path.exists():
            with _naming(path):
                self.contents.descriptions = dict(json.loads(path.read_text())["descriptions"])
        self._write_competition()
        self._set_aside_uncounted()

    def _set_aside_uncounted(self) -> None:
        """Games whose SGF file was written and whose line was not: they will be played again."""
        counted = {game.game_id for game in self.contents.results}
        for path in (self.folder / "games").glob("*.sgf"):
            if path.stem not in counted:
                (self.folder / "void").mkdir(exist_ok=True)
                path.replace(self.folder / "void" / f"{path.stem}-uncounted.sgf")
        for path in (self.folder / "games").glob(".*.tmp"):
            path.unlink()

    def _write_competition(self) -> None:
        contents = self.contents
        data = {
            "name": contents.name,
            "competition": saved.to_json(contents.competition),
            "descriptions": contents.descriptions,
        }
        text = json.dumps(data, indent=1) + "\n"
        files.write_atomic(self.folder / "competition.json", text.encode())


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is damaged, or of another version ({error})") from None


def _take_lock(folder: Path) -> int | None:
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ValueError(f"{folder}: this competition is being run already") from None
    return lock


def _read_results(path: Path) -> list[record.GameResult]:
    results, seen = [], set()
    for number, line in enumerate(_whole_lines(path), 1):
        try:
            game = record.parse(line)
        except ValueError as error:
            raise ValueError(f"{path}: line {number}: {error}") from None
        if game.game_id in seen:
            raise ValueError(f"{path}: line {number}: game {game.game_id} is there twice")
        seen.add(game.game_id)
        results.append(game)
    return results


def _check_pairs(folder: Path, contents: Contents) -> None:
    """Results of a matchup are of no use when others play it now."""
    pairs = {matchup.id: {matchup.player_1, matchup.player_2} for matchup in contents.competition.matchups}
    for game in contents.results:
        now, before = pairs.get(game.matchup_id), {game.black, game.white}
        if now is not None and now != before:
            raise ValueError(
                f"{folder}: matchup {game.matchup_id} was played by {' and '.join(sorted(before))}, "
                f"and is {' against '.join(sorted(now))} now; give it another id, or choose another folder"
            )


def _whole_lines(path: Path) -> list[str]:
    """Lines without what was being written when we were killed."""
    data = path.read_bytes() if path.exists() else b""
    return data.decode(errors="replace").split("\n")[:-1]


def _drop_half_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as file:
        end = file.read().rfind(b"\n") + 1
        file.truncate(end)
        os.fsync(file.fileno())


def _append(path: Path, line: str) -> None:
    is_new = not path.exists()
    with path.open("ab") as file:
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        files.sync_folder(path.parent)


def _now() -> str:
    return datetime.datetime.now().isoformat(sep=" ", timespec="seconds")
