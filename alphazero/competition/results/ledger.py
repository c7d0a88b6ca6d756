"""The folder of a competition, which keeps every counted game even if the process is killed at any time.

games.jsonl is authoritative: one `record.GameResult` per line, appended once its SGF file is on the disk.

competition.json  the settings of the last run, and the players' descriptions of themselves
games.jsonl       games that count        games/ID.sgf
void.jsonl        void games              void/ID-N.sgf and its logs; N counts the attempts at this game
logs/             ID.gtp, ID.CODE.stderr
report.txt, report.json, log.txt, lock
"""

import contextlib
import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alphazero import files, json_lines, locks
from alphazero.competition.control_files import settings
from alphazero.competition.results import record, saved


@dataclass(slots=True, kw_only=True)
class Contents:
    """The contents of a competition's folder."""

    name: str
    competition: settings.Competition
    results: list[record.GameResult] = field(default_factory=list)
    """Ordered by the end of the games."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """By code, the players' descriptions of themselves in their last game."""


def read(folder: Path) -> Contents:
    """Reads a folder, which may be in use; raises ValueError with one line if it is not a competition's."""
    path = folder / "competition.json"
    if not path.exists():
        raise ValueError(f"{folder}: not the folder of a competition")
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
        """Opens and locks the folder.

        Raises ValueError with one line if it is locked, cannot be written or holds another competition.
        """
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
        """Unlocks the folder."""
        self._lock.release()

    def add(self, game: record.GameResult, sgf: bytes | None, descriptions: Mapping[str, str]) -> None:
        """Stores a game durably; it counts once this method returns."""
        if sgf is not None:
            files.write_atomic(self.folder / "games" / f"{game.game_id}.sgf", sgf)
        json_lines.append(self.folder / "games.jsonl", [game.line()])
        self.contents.results.append(game)
        merged = {**self.contents.descriptions, **descriptions}
        if merged != self.contents.descriptions:
            self.contents.descriptions = merged
            self._write_competition()

    def add_void(self, game_id: str, reason: str, sgf: bytes | None, logs: Sequence[Path]) -> None:
        """Stores a void game, which will be played again; moves its logs to void/."""
        path = self.folder / "void.jsonl"
        before = [line for line in json_lines.complete_lines(path) if json.loads(line)["game_id"] == game_id]
        name = f"{game_id}-{len(before) + 1}"
        if sgf is not None:
            files.write_atomic(self.folder / "void" / f"{name}.sgf", sgf)
        for log in filter(Path.exists, logs):
            (self.folder / "void").mkdir(exist_ok=True)
            log.replace(self.folder / "void" / f"{name}{log.name.removeprefix(game_id)}")
        facts = {"game_id": game_id, "attempt": name, "reason": reason, "time": _now()}
        json_lines.append(path, [json.dumps(facts)])

    def write_reports(self, text: str, data: Mapping[str, Any]) -> None:
        """Replaces report.txt and report.json."""
        files.write_atomic(self.folder / "report.txt", text.encode())
        files.write_atomic(self.folder / "report.json", (json.dumps(data, indent=1) + "\n").encode())

    def note(self, text: str) -> None:
        """Appends a line to log.txt."""
        with (self.folder / "log.txt").open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{_now()} {' '.join(text.split())}\n")

    def log_path(self, name: str) -> Path:
        """The path of a game's log."""
        return self.folder / "logs" / name

    def _open(self) -> None:
        self.contents.results = _read_results(self.folder / "games.jsonl")
        _check_pairs(self.folder, self.contents)
        path = self.folder / "competition.json"
        if path.exists():
            with _naming(path):
                self.contents.descriptions = dict(json.loads(path.read_text())["descriptions"])
        self._write_competition()
        self._set_aside_uncounted()

    def _set_aside_uncounted(self) -> None:
        """Moves the SGF files of games without a line in games.jsonl to void/; these are played again."""
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
        raise ValueError(f"{path}: corrupt, or written by another version ({error})") from None


def _take_lock(folder: Path) -> locks.Lock:
    try:
        return locks.Lock(folder / "lock")
    except BlockingIOError:
        raise ValueError(f"{folder}: another run of this competition is in progress") from None


def _read_results(path: Path) -> list[record.GameResult]:
    results, seen = [], set()
    for number, line in enumerate(json_lines.complete_lines(path), 1):
        try:
            game = record.parse(line.decode(errors="replace").rstrip("\n"))
        except ValueError as error:
            raise ValueError(f"{path}: line {number}: {error}") from None
        if game.game_id in seen:
            raise ValueError(f"{path}: line {number}: game {game.game_id} occurs twice")
        seen.add(game.game_id)
        results.append(game)
    return results


def _check_pairs(folder: Path, contents: Contents) -> None:
    """Raises ValueError if a matchup has results of other players than now."""
    pairs = {matchup.id: {matchup.player_1, matchup.player_2} for matchup in contents.competition.matchups}
    for game in contents.results:
        now, before = pairs.get(game.matchup_id), {game.black, game.white}
        if now is not None and now != before:
            raise ValueError(
                f"{folder}: matchup {game.matchup_id} was between {' and '.join(sorted(before))}, but is now "
                f"between {' and '.join(sorted(now))}; give it another id, or choose another folder"
            )


def _now() -> str:
    return datetime.datetime.now().isoformat(sep=" ", timespec="seconds")
