"""Games with a teacher's answers in place of the search's: the targets of knowledge distillation.

A small network learns a large one's distributions better than the original targets (Hinton, Vinyals and Dean
2015, "Distilling the Knowledge in a Neural Network"). Here the teacher's raw policy and value take the place
of the search's in game records, so that replay windows make the targets as usual.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.data import gamelog, packed_inputs, replay, store
from alphazero.data import record as records
from alphazero.data import targets as game_targets
from alphazero.datasets import corruption, game_source
from alphazero.go import features, input_families, katago_inputs

EVALUATION_BATCH = 256
"""Positions that the teacher answers at once."""
_POSITIONS_AT_ONCE = 4096
"""Positions between two checks of the time limit."""
_MOST_HELD_OUT = 10_000
_OUTCOME_WEIGHT = 0.5
"""Weight of the game's outcome in the value to learn; the rest is the teacher's value, which has less noise.
The outcome does not repeat the teacher's errors."""


class Teacher:
    """A network that answers every position of finished games."""

    def __init__(self, evaluator: evaluators.Evaluator, size: int, komi: float) -> None:
        """size: of the boards. komi: the one for which it answers, whatever the komi of the game was."""
        self._evaluator = evaluator
        self._komi = komi
        self._replayer = packed_inputs.InputReplayer(evaluators.family(evaluator), size)

    def replay(self, record: records.GameRecord) -> "ReplayedGame":
        """The game at the teacher's komi, with the inputs of all positions in which a player moved.

        Raises ValueError for an illegal move.
        """
        moved = at_komi(record, self._komi)
        return ReplayedGame(moved, replay.inputs_of(moved, self._replayer, np.arange(moved.num_played)))

    def answer(self, games: Sequence["ReplayedGame"]) -> list[records.GameRecord]:
        """The games with the teacher's policy and value in every position."""
        inputs = [np.concatenate(arrays) for arrays in zip(*(game.inputs for game in games), strict=True)]
        policy, values = self._evaluate(packed_inputs.PackedInputs(*inputs))
        ends = np.cumsum([game.record.num_played for game in games])[:-1]
        answers = zip(np.split(policy, ends), np.split(values, ends), strict=True)
        return [
            dataclasses.replace(game.record, policy=its_policy, root_values=its_values)
            for game, (its_policy, its_values) in zip(games, answers, strict=True)
        ]

    def _evaluate(self, inputs: packed_inputs.PackedInputs) -> tuple[np.ndarray, np.ndarray]:
        """Policies [T, A] float16 and values [T] float32 of packed inputs."""
        family, size = self._replayer.family, self._replayer.size
        policies, values = [], []
        for start in range(0, len(inputs.planes), EVALUATION_BATCH):
            rows = slice(start, start + EVALUATION_BATCH)
            planes = family.unpack(inputs.planes[rows], size)
            global_inputs = inputs.globals[rows] if family.num_globals else None
            outputs = self._evaluator.evaluate(evaluators.Inputs(planes, global_inputs))
            policies.append(policy_of(outputs.logits, _stones(family, planes)).astype(np.float16))
            values.append(np.clip(outputs.values, -1, 1).astype(np.float32))
        return np.concatenate(policies), np.concatenate(values)


class ReplayedGame(NamedTuple):
    """A finished game, and the teacher's inputs for each played move."""

    record: records.GameRecord
    inputs: packed_inputs.PackedInputs


class TeacherGames(NamedTuple):
    """Positions with the teacher's answers."""

    training: replay.ReplayWindow
    held_out: replay.ReplayWindow  # its values are the teacher's alone
    num_games: int
    num_held_out_games: int
    seconds: float  # that the answers took
    is_complete: bool  # whether all games that fit into the window were used


def policy_of(logits: np.ndarray, stones: np.ndarray) -> np.ndarray:
    """[B, A] float64 softmax of logits over all moves but those to points with stones.

    Other illegal moves (suicide, ko) keep the little that the teacher gives them. stones: [B, P] bool.
    """
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    raised[:, :-1][stones] = 0
    return raised / raised.sum(axis=1, keepdims=True)


def at_komi(record: records.GameRecord, komi: float) -> records.GameRecord:
    """The game as if it had this komi. If that changes, the score decides even a game that was resigned."""
    if record.komi == komi:
        return record
    score = float(record.ownership.sum(dtype=np.int64)) - komi
    return dataclasses.replace(record, komi=komi, score=score, winner=int(np.sign(score)))


def collect(
    folder: Path,
    teacher: Teacher,
    config: schema.Config,
    limit_s: float,
    should_stop: Callable[[], bool],
    on_corruption: corruption.OnCorruption,
) -> TeacherGames:
    """The newest games of the log in `folder`, with the teacher's answers.

    - config: of the student. `replay` bounds the positions and says which games are held out.
    - limit_s: seconds after which no more games are answered.

    Raises ValueError if there are no games on the student's board.
    """
    size, began, found = config.game.size, time.monotonic(), _Collection(config)
    entries, is_late = _entries(folder, size, on_corruption), False
    for games in _in_parts(folder, entries, teacher, on_corruption):
        found.add(teacher.answer(games))
        is_late = time.monotonic() - began >= limit_s
        if found.is_full or is_late or should_stop():
            break
    if not len(found.training):
        raise ValueError(f"SOURCE={folder}: has no readable game of {size}x{size} to train on")
    seconds = time.monotonic() - began
    return TeacherGames(
        found.training, found.held_out, found.num_games, found.num_held_out_games, seconds, not is_late
    )


class _Collection:
    """The two windows while they fill."""

    def __init__(self, config: schema.Config) -> None:
        fields, size = game_targets.fields_of(config.net), config.game.size
        self._fraction = config.replay.held_out_fraction
        every = {"min_window": config.replay.max_window, "surprise_weight": 0.0}
        mixed = dataclasses.replace(config.replay, **every, outcome_weight=_OUTCOME_WEIGHT)
        most = min(_MOST_HELD_OUT, config.replay.max_window)
        bounds = {"min_window": most, "max_window": most, "surprise_weight": 0.0, "outcome_weight": 0.0}
        self.training = replay.ReplayWindow(size, mixed, fields)
        self.held_out = replay.ReplayWindow(size, dataclasses.replace(config.replay, **bounds), fields)
        self.num_held_out_games = self.num_games = 0

    @property
    def is_full(self) -> bool:
        return self.training.positions >= self.training.capacity

    def add(self, games: Sequence[records.GameRecord]) -> None:
        for game in games:
            is_held_out = store.is_held_out(game.game_id, self._fraction)
            window = self.held_out if is_held_out else self.training
            if window.positions < window.capacity:  # older games must not replace newer ones
                window.add(game)
                self.num_games += 1
                self.num_held_out_games += is_held_out


def _entries(folder: Path, size: int, on_corruption: corruption.OnCorruption) -> list[gamelog.LogEntry]:
    """The log's games on boards of this size, newest first."""
    log = gamelog.GameLog(folder)
    entries = log.entries(lambda skipped: game_source.pass_on(skipped, on_corruption))
    return [entry for entry in reversed(entries) if entry.size == size]


def _in_parts(
    folder: Path,
    entries: Sequence[gamelog.LogEntry],
    teacher: Teacher,
    on_corruption: corruption.OnCorruption,
) -> Iterator[list[ReplayedGame]]:
    """Replayed games, some thousand positions at a time. Corrupt and empty ones are left out."""
    log, waiting = gamelog.GameLog(folder), list[ReplayedGame]()
    for entry in entries:
        try:
            game = teacher.replay(log.read(entry))
        except ValueError as error:
            skipped = gamelog.CorruptRecord(entry.path, entry.offset, str(error))
            game_source.pass_on(skipped, on_corruption)
            continue
        if game.record.num_played:
            waiting.append(game)
        if sum(len(each.inputs.planes) for each in waiting) >= _POSITIONS_AT_ONCE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _stones(family: input_families.InputFamily, planes: np.ndarray) -> np.ndarray:
    """[B, P] bool points with stones. planes: [B, C, N, N] of either family."""
    is_leela = family.number == input_families.LEELA.number
    own, opponent = (0, features.OPPONENT) if is_leela else (katago_inputs.OWN, katago_inputs.OPPONENT)
    return (planes[:, own] | planes[:, opponent]).reshape(len(planes), -1).astype(np.bool_)
