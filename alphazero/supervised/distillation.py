"""Export of a run as a Leela Zero network, by knowledge distillation from the run's promoted network."""

import argparse
import dataclasses
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alphazero import files, run_paths
from alphazero.config import compose, schema
from alphazero.config import net as net_config
from alphazero.config import search as search_config
from alphazero.datasets import corruption
from alphazero.evaluation import agreement, match, openings, players, weight_files
from alphazero.evaluation import result as results
from alphazero.net import inference, leela
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.supervised import rank_processes, student, student_file, teacher_games

_NET = re.compile(r"b(\d{1,4})c(\d{1,4})")
_TEACHER_SHARE = 0.25
"""Largest fraction of the time for the teacher's answers, which are computed once and used again."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DistillationOptions:
    """What the command line says."""

    source: Path
    """Folder of the run."""
    dest: Path
    """See `student_file.StudentFile`."""
    size: int | None
    """Board size; None for `game.size` of the run."""
    net: str
    """Shape of the student, such as "b6c64"."""
    minutes: float
    """Time for the teacher's answers and for training."""
    games: int
    """Games of the match against the teacher; even."""
    simulations: int | None
    """Simulations per move of the match; None for `gate.num_simulations` of the run."""
    threads: int
    """Math threads on a CPU."""

    @classmethod
    def of(cls, parsed: argparse.Namespace) -> "DistillationOptions":
        """The options of the same names. Raises ValueError for an odd number of games."""
        if parsed.games % 2:
            raise ValueError(f"--games={parsed.games}: must be even, as games come in pairs")
        return cls(**{field.name: getattr(parsed, field.name) for field in dataclasses.fields(cls)})


class _TeacherFile(NamedTuple):
    path: Path
    sha256: str
    weights: network_weights.Weights

    @property
    def facts(self) -> dict[str, Any]:
        """What the certificate says about the teacher."""
        return {"file": self.path.name, "sha256": self.sha256, "net": network_weights.name_of(self.weights)}


def run(options: DistillationOptions, on_corruption: corruption.OnCorruption) -> None:
    """Trains the student, plays the match and writes the network with its certificate.

    Raises ValueError for mistakes of the user, FloatingPointError if training diverges, and KeyboardInterrupt
    after Ctrl-C or SIGTERM: without files, or during the match with files that lack its result.
    """
    place = student_file.StudentFile(options.dest)
    config = student_config(options)
    teacher = _find_teacher(options.source, config.game.size)
    stop = threading.Event()
    with rank_processes.stop_on_signals(stop):
        _distill(options, config, teacher, place, stop.is_set, on_corruption)


def student_config(options: DistillationOptions) -> schema.Config:
    """The settings of conf=9x9 with the student's network, and the run's board, rules and replay.*.

    Raises ValueError if the source is not a run, or if --net is not a shape.
    """
    shape = _NET.fullmatch(options.net)
    if shape is None:
        raise ValueError(f"--net={options.net}: must be bNcM, such as b6c64 (N blocks of M channels)")
    net = net_config.NetConfig(blocks=int(shape[1]), filters=int(shape[2]))
    played, config = compose.of_run(options.source), compose.compose(["conf=9x9", "net=b4c32"])
    game = dataclasses.replace(played.game.of_size(options.size or played.game.size), komi_spread=0.0)
    training = dataclasses.replace(config.training, num_threads=options.threads)
    gate = dataclasses.replace(
        config.gate,
        num_simulations=options.simulations or played.gate.num_simulations,
        opening_plies=played.gate.opening_plies,
    )
    return dataclasses.replace(config, game=game, net=net, training=training, gate=gate, replay=played.replay)


def _find_teacher(source: Path, size: int) -> _TeacherFile:
    """The newest promoted network of the run. Raises ValueError if it does not play on the board."""
    path = weight_files.find(source)
    weights = weight_files.load(path)
    if not network_weights.plays(weights, size):
        own = network_weights.size_of(weights)
        raise ValueError(f"--size={size}: must be {own}, the only board size of {path.name}")
    return _TeacherFile(path, files.sha256_of(path), weights)


def _distill(
    options: DistillationOptions,
    config: schema.Config,
    teacher: _TeacherFile,
    place: student_file.StudentFile,
    should_stop: Callable[[], bool],
    on_corruption: corruption.OnCorruption,
) -> None:
    seconds, game = 60 * options.minutes, config.game
    evaluator = inference.make_evaluator(
        teacher.weights, size=game.size, num_threads=options.threads, batch=teacher_games.EVALUATION_BATCH
    )
    _say(f"teacher {teacher.path.name} ({network_weights.name_of(teacher.weights)}) answers positions")
    answering = teacher_games.Teacher(evaluator, game.size, game.komi)
    folder, limit_s = options.source / run_paths.GAMES, _TEACHER_SHARE * seconds
    games = teacher_games.collect(folder, answering, config, limit_s, should_stop, on_corruption)
    _say(_describe_games(games))
    training = student.StudentTraining(config, games)
    left_s = seconds - min(games.seconds, limit_s)
    if should_stop() or not training.run(left_s, should_stop):
        raise KeyboardInterrupt
    weights, agreed = training.finish()
    assert isinstance(weights, leela.Weights)
    _say(f"step {training.steps:,} held out | {student.describe(agreed)}")
    played = _play_match(weights, evaluator, teacher, config, options, should_stop)
    facts = {
        **_training_facts(training, games),
        "minutes": options.minutes,
        "teacher": teacher.facts,
        "held_out": agreed,
        "match": None if played is None else played.facts() | {"simulations": config.gate.num_simulations},
        **promotion.provenance(config),
    }
    exact = inference.make_evaluator(weights, device="cpu", precision="fp32", backend="torch")
    check = agreement.make_check(exact, game, np.random.default_rng([config.run.seed, 3]))
    path = place.write(weights, facts, check)
    _say(f"{path}: {weights.name}, {training.steps:,} steps")
    if options.games and played is None:
        raise KeyboardInterrupt(f"{path} has no result of a match")


def _training_facts(training: student.StudentTraining, games: teacher_games.TeacherGames) -> dict[str, int]:
    return {
        "steps": training.steps,
        "samples": training.samples,
        "games": games.num_games,
        "positions": len(games.training),
        "held_out_games": games.num_held_out_games,
        "held_out_positions": len(games.held_out),
    }


def _play_match(
    weights: leela.Weights,
    evaluator: inference.NetEvaluator,
    teacher: _TeacherFile,
    config: schema.Config,
    options: DistillationOptions,
    should_stop: Callable[[], bool],
) -> results.MatchResult | None:
    """The match of the student against the teacher; None with --games 0 or if `should_stop` ended it."""
    if not options.games:
        return None
    count = options.games // 2
    _say(f"match: {options.games} games, {config.gate.num_simulations} simulations per move on both sides")
    opponent = inference.make_evaluator(weights, num_threads=options.threads, batch=count)
    rng = np.random.default_rng([config.run.seed, 4])
    plies = config.gate.opening_plies
    first_moves = openings.draw(evaluator, config.game, count=count, plies=plies, rng=rng)
    search = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=config.gate.num_simulations
    )
    a = players.SearchPlayer(f"student-{weights.name}", opponent, search, rng)
    b = players.SearchPlayer(f"teacher-{network_weights.name_of(teacher.weights)}", evaluator, search, rng)
    played = match.play_match(a, b, config.game, first_moves, should_stop=should_stop)
    if played is not None:
        _say(played.summary())
    return played


def _describe_games(games: teacher_games.TeacherGames) -> str:
    rest = "" if games.is_complete else "; older games are left out, as a quarter of the time is used"
    held_out = f"and {len(games.held_out):,} of {games.num_held_out_games:,} held-out games"
    trained = games.num_games - games.num_held_out_games
    return f"{len(games.training):,} positions of {trained:,} games {held_out}, {games.seconds:.0f} s{rest}"


def _say(line: str) -> None:
    print(line, flush=True)
