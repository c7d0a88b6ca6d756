"""Positions of games in SGF files, for supervised learning.

The policy is the move that was played, the value the result that RE states: 1 or -1 for the player to
move, 0 for a draw. What is used, and what Leela Zero's `dump_supervised` does in the same place:

- The main line of every game of a file; variations are not.
- Handicaps and other stones set up before the first move are part of the board and not of its past;
  komi and rules are not looked at. Colours need not alternate. (Leela Zero plays handicap stones as moves.)
- A game with an illegal move is left out as a whole, like there: nobody knows which of its moves is the
  wrong one. Legal is what simple ko and suicide allow, as rules differ between archives.
- A game without result, lost on time or void says nothing about its positions and is left out, like
  there; so is a forfeit. Draws, which are left out there, are used.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alphazero.config import game as game_config
from alphazero.data import batch as batches
from alphazero.data import damage as damages
from alphazero.data import positions
from alphazero.go import play, rules, sgf, sgf_collection

_RESULT = re.compile(r"(?:([BW])\+(?!T|F)|(0(?:\.0*)?|D|Draw|Jigo)$)", re.IGNORECASE)


def read(path: Path, size: int, on_damage: damages.OnDamage = damages.log_damage) -> Iterator[batches.Batch]:
    """The positions of an SGF file, or of all in a folder, for boards of this size: one batch a game.

    Planes, policy, value and weight (1) are filled. Games that are left out are counted by reason, one
    line for each file; a folder without SGF files raises ValueError.
    """
    for file in sgf_collection.find(Path(path)):
        findings = damages.Findings(file)
        try:
            yield from _read_file(file, size, findings)
        finally:
            findings.report(on_damage)


def size_of(path: Path) -> int:
    """The board of the first readable game of a file or folder; ValueError where there is none."""
    for file in sgf_collection.find(path):
        try:
            for text in sgf_collection.games(file):
                return sgf.read(text).size
        except (ValueError, OSError):
            continue
    raise ValueError(f"{path}: no readable game there")


def value_of(result: str) -> int | None:
    """RE for Black: 1, -1, 0 for a draw; None if the board did not decide it."""
    match = _RESULT.match(result.strip())
    if match is None:
        return None
    winner = (match[1] or "").upper()
    return 1 if winner == "B" else -1 if winner == "W" else 0


def _read_file(path: Path, size: int, findings: damages.Findings) -> Iterator[batches.Batch]:
    number = 0
    try:
        for number, text in enumerate(sgf_collection.games(path), 1):
            batch = _read_game(text, size, findings, f"game {number}")
            if batch is not None:
                yield batch
    except OSError as error:
        findings.add(damages.Reason.unreadable, detail=error.strerror)
    else:
        if number == 0:
            findings.add(damages.Reason.empty, detail="no game in it")


def _read_game(data: bytes, size: int, findings: damages.Findings, place: str) -> batches.Batch | None:
    """The positions of a game; None when there are none or the findings say why."""
    try:
        game = sgf.read(data)
    except ValueError as error:
        return findings.add(damages.Reason.unreadable, place, _first_line(error))
    if game.size != size:
        detail = f"{game.size}x{game.size}, expected {size}x{size}"
        return findings.add(damages.Reason.size, place, detail)
    result = value_of(game.result)
    if result is None:
        return findings.add(damages.Reason.undecided, place, f"RE[{game.result[:20]}]")
    if not game.moves:
        return findings.add(damages.Reason.empty, place, "no move")
    try:
        return _positions(game, result)
    except ValueError as error:
        return findings.add(damages.Reason.illegal, place, _first_line(error))


def _positions(game: sgf.SgfGame, result: int) -> batches.Batch:
    colors, actions = np.array(game.moves).T
    capacity = positions.capacity_for(game.size, len(actions))
    start = play.Game(game.size, 0, ko=game_config.Ko.simple, suicide=True, capacity=capacity)
    start.set_up(game.black_setup, game.white_setup, game.to_play)
    planes = positions.replay(start.record, colors, actions, game.size)
    policy = np.eye(game.size**2 + 1, dtype=np.float32)[actions]
    return positions.make_batch(planes, policy, np.where(colors == rules.BLACK, result, -result))


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0]
