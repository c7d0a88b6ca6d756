"""Positions of games in SGF files, for supervised learning.

The policy is the played move. The value is the result in RE: 1 or -1 for the player to move, 0 for a draw.
The choice of positions, compared with Leela Zero's `dump_supervised`:

- The main line of every game of a file is used; variations are not.
- Handicap and other setup stones before the first move are part of the board but not of its history. Leela
  Zero plays handicap stones as moves.
- Colours need not alternate.
- Leela Zero's inputs know neither komi nor rules, so both are ignored. Other families' inputs show komi (KM,
  0 if it is missing) and the rules that RU names (`go.rule_names`).
- A game with an illegal move is left out as a whole, as in Leela Zero, because it is unknown which move is
  wrong. Unless RU counts, moves are legal if simple ko allows them, and suicide is allowed: rules differ
  between archives.
- A game without result, void or lost on time is left out, as in Leela Zero, because no result evaluates
  its positions. A forfeit is left out too.
- Draws are used. Leela Zero leaves them out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import packed_inputs
from alphazero.datasets import corruption, positions
from alphazero.go import input_families, play, rule_names, rules, sgf, sgf_collection

_RESULT = re.compile(r"(?:([BW])\+(?!T|F)|(0(?:\.0*)?|D|Draw|Jigo)$)", re.IGNORECASE)


def read(
    path: Path,
    size: int,
    on_corruption: corruption.OnCorruption = corruption.log_corruption,
    family: input_families.InputFamily = input_families.LEELA,
) -> Iterator[batches.TrainingBatch]:
    """Yields the positions of an SGF file, or of all in a folder, for boards of this size: one batch a game.

    A batch has the inputs of `family`, policy, value and weight (1). Games left out are passed to
    `on_corruption`, counted by reason for each file. Raises ValueError for a folder without SGF files.
    """
    replayer = packed_inputs.InputReplayer(family, size)
    for file in sgf_collection.find(Path(path)):
        findings = corruption.Findings(file)
        try:
            yield from _read_file(file, replayer, findings)
        finally:
            findings.report(on_corruption)


def size_of(path: Path) -> int:
    """Board size of the first readable game of a file or folder; raises ValueError if there is none."""
    for file in sgf_collection.find(path):
        try:
            for text in sgf_collection.games(file):
                return sgf.read(text).size
        except (ValueError, OSError):
            continue
    raise ValueError(f"{path}: no readable game found")


def value_of(result: str) -> int | None:
    """Black's result in RE: 1, -1, or 0 for a draw; None if it was not decided on the board."""
    match = _RESULT.match(result.strip())
    if match is None:
        return None
    winner = (match[1] or "").upper()
    return 1 if winner == "B" else -1 if winner == "W" else 0


def _read_file(
    path: Path, replayer: packed_inputs.InputReplayer, findings: corruption.Findings
) -> Iterator[batches.TrainingBatch]:
    number = 0
    try:
        for number, text in enumerate(sgf_collection.games(path), 1):
            batch = _read_game(text, replayer, findings, f"game {number}")
            if batch is not None:
                yield batch
    except OSError as error:
        findings.add(corruption.Reason.unreadable, detail=error.strerror)
    else:
        if number == 0:
            findings.add(corruption.Reason.empty, detail="no game in it")


def _read_game(
    data: bytes, replayer: packed_inputs.InputReplayer, findings: corruption.Findings, place: str
) -> batches.TrainingBatch | None:
    """The positions of a game; None if it is left out, with the reason added to `findings`."""
    try:
        game = sgf.read(data)
    except ValueError as error:
        return findings.add(corruption.Reason.unreadable, place, _first_line(error))
    size = replayer.size
    if game.size != size:
        detail = f"{game.size}x{game.size}, expected {size}x{size}"
        return findings.add(corruption.Reason.size, place, detail)
    result = value_of(game.result)
    if result is None:
        return findings.add(corruption.Reason.undecided, place, f"RE[{game.result[:20]}]")
    if not game.moves:
        return findings.add(corruption.Reason.empty, place, "no move")
    try:
        return _positions(game, result, replayer)
    except ValueError as error:
        return findings.add(corruption.Reason.illegal, place, _first_line(error))


def _positions(
    game: sgf.SgfGame, result: int, replayer: packed_inputs.InputReplayer
) -> batches.TrainingBatch:
    colors, actions = np.array(game.moves).T
    start = _start(game, replayer.family)
    inputs = replayer.replay(start.record, colors, actions, np.arange(len(actions)), ends_by_passes=False)
    policy = np.eye(game.size**2 + 1, dtype=np.float32)[actions]
    return positions.make_batch(inputs, policy, np.where(colors == rules.BLACK, result, -result))


def _start(game: sgf.SgfGame, family: input_families.InputFamily) -> play.Game:
    """The position before the first move, with the komi and rules that the family's inputs show."""
    shows_rules = family.num_globals > 0
    if shows_rules and game.komi is None:
        raise ValueError("KM is not a number")
    komi = (game.komi or 0.0) if shows_rules else 0.0
    named = rule_names.read(game.rules) if shows_rules else rule_names.UNKNOWN
    capacity = positions.capacity_for(game.size, len(game.moves))
    start = play.Game(game.size, komi, ko=named.ko, suicide=named.suicide, capacity=capacity)
    start.set_up(game.black_setup, game.white_setup, game.to_play)
    return start


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0]
