"""Leela Zero, compiled for 9x9, reads our networks and computes the same evaluations as our engine."""

import dataclasses
import subprocess

import numpy as np
import pytest

from alphazero.engine import engine_search, setup
from alphazero.evaluation import weight_files
from alphazero.go import play, rules
from alphazero.net import leela
from alphazero.run_files import promotion
from alphazero.training import learner
from tests.engine import sessions
from tests.net import leela_zero, networks
from tests.training import batches
from tools import build_leela_zero

SIZE = build_leela_zero.SIZE
LEELAZ = build_leela_zero.program()
CHOICES = ("0", "3", "5", "6", "average")
POSITIONS = {
    "empty": [],
    "opening": ["b E5", "w C3", "b G7"],
    "two stones in a row, a pass": ["b D4", "b E4", "w pass"],
    "a ko has been taken": ["b D5", "w E5", "b E6", "w F6", "b E4", "w F4", "b J9", "w G5", "b F5"],
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not build_leela_zero.is_built(),
        reason=f"{LEELAZ} is missing; `python -m tools.build_leela_zero` builds it",
    ),
]


def promoted_network(folder):
    """Trains a network for a hundred steps and promotes it as in a run."""
    config = batches.make_config()
    config.game.size = SIZE
    one = learner.Learner(config)
    one.train([batches.make_batch(seed, size=SIZE) for seed in range(100)], progress=0)
    return promotion.Promotions(folder).promote(one.candidate(), {"komi": 7.0}).path


def sharp_network(folder, version=leela.SIDE_TO_MOVE):
    """Writes a random network whose policy differs from a flat one by some thousandths."""
    module = networks.random_module(size=SIZE, blocks=2, filters=16)
    module.policy.weight.data *= 4
    path = folder / "net.txt"
    leela.write(dataclasses.replace(module.export(), version=version), path)
    return path


def real_network(request):
    return request.getfixturevalue("shared_data") / "lz_weights" / "synth_9x9_1x4_seed1.txt"


NETWORKS = {
    "promoted": lambda folder, _: promoted_network(folder),
    "sharp": lambda folder, _: sharp_network(folder),
    "version 2": lambda folder, _: sharp_network(folder, leela.BLACK),
    "of another program": lambda _, request: real_network(request),
}


def random_game(seed, num_moves):
    """Returns arguments of `play` for a random game with captures on both sides."""
    rng = np.random.default_rng(seed)
    game = play.Game(SIZE, 7.0)
    while len(game.moves) < num_moves:
        points = np.flatnonzero(game.legal()[:-1])
        game.play(int(rng.choice(points)) if points.size else SIZE**2)
    assert min(game.captures(rules.BLACK), game.captures(rules.WHITE)) > 3
    return [f"{'bw'[color - 1]} {rules.format_move(action, SIZE)}" for color, action in game.moves]


def script(moves):
    questions = [f"heatmap {choice}" for choice in CHOICES]
    return ["clear_board", "komi 7", *(f"play {move}" for move in moves), *questions, "final_score"]


def ask_leela_zero(path, commands):
    """Returns Leela Zero's scores without "=", and its heat maps."""
    text = "\n".join([f"boardsize {SIZE}", *commands, "quit\n"])
    command = leela_zero.command(path, "-v", "5", program=LEELAZ)
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=True)
    answers = [answer.lstrip() for answer in done.stdout.split("\n\n")]
    assert not any(answer.startswith("?") for answer in answers), done.stdout
    scores = [answer[2:] for answer in answers if answer[2:4] in ("B+", "W+")]
    return scores, leela_zero.read_heatmaps(done.stderr, SIZE)


def ask_us(path, commands):
    """Returns the same of our engine."""
    engine = setup.make_engine(weight_files.load(path), setup.EngineOptions(num_simulations=1, device="cpu"))
    answers = [(command, sessions.ask(engine, command)) for command in commands]
    assert [pair for pair in answers if not pair[1].startswith("=")] == []
    scores = [answer[2:] for command, answer in answers if command == "final_score"]
    return scores, leela_zero.read_heatmaps("\n".join(answer for _, answer in answers), SIZE)


@pytest.mark.parametrize("network", NETWORKS)
def test_heat_maps_and_scores_are_leela_zero_s(network, tmp_path, request, monkeypatch):
    # Heat maps and scores do not need the search, so it is not compiled.
    monkeypatch.setattr(engine_search.EngineSearch, "warm_up", lambda self: None)
    path = NETWORKS[network](tmp_path, request)
    games = [*POSITIONS.values(), random_game(1, 70), random_game(2, 141)]
    commands = [command for moves in games for command in script(moves)]
    their_scores, their_maps = ask_leela_zero(path, commands)
    our_scores, our_maps = ask_us(path, commands)
    assert our_scores == their_scores and len(set(our_scores)) > 2
    assert len(our_maps) == len(their_maps) == len(games) * len(CHOICES)
    policies, winrates = (np.array(column) for column in zip(*our_maps, strict=True))
    their_policies, their_winrates = (np.array(column) for column in zip(*their_maps, strict=True))
    # Both round down, so a rounding error may change a digit near an integer.
    assert np.abs(policies - their_policies).max() <= 1
    assert np.count_nonzero(policies != their_policies) <= 0.002 * policies.size
    np.testing.assert_allclose(winrates, their_winrates, atol=3e-6)
    assert np.ptp(their_winrates) > 1e-3 and their_policies.max() >= 14, "other networks must differ"
