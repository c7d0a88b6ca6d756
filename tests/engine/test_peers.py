"""Our engine compared with GNU Go and Leela Zero, if installed. All are processes behind our client."""

import re
import shutil
import sys

import numpy as np
import pytest

from alphazero.engine_client import gtp_client
from alphazero.go import play, rules
from alphazero.net import leela
from tests.net import leela_zero, networks

GNUGO = shutil.which("gnugo") or shutil.which("gnugo", path="/usr/games")
GNUGO_COMMAND = [GNUGO or "", "--mode", "gtp", "--chinese-rules", "--positional-superko"]
OURS = [sys.executable, "-m", "alphazero.gtp", "--weights"]
START_S = 240  # with nothing compiled yet

pytestmark = pytest.mark.slow
needs_gnugo = pytest.mark.skipif(GNUGO is None, reason="gnugo is not installed")


def start(command, project):
    return gtp_client.GtpClient(command, cwd=project, time_limit_s=START_S)


@needs_gnugo
@pytest.mark.parametrize(("size", "num_games", "num_plies"), [(5, 4, 80), (9, 2, 200)])
def test_legal_moves_and_boards_are_gnu_go_s(size, num_games, num_plies, project):
    """Random games continue through captures and passes, even when a player has no legal move left."""
    rng = np.random.default_rng(size)
    with start([*OURS, "none"], project) as ours, start(GNUGO_COMMAND, project) as gnugo:
        both = (ours, gnugo)
        num_forbidden = 0
        for _ in range(num_games):
            for engine in both:
                engine.send(f"boardsize {size}")
                engine.send("clear_board")
            for ply in range(num_plies):
                color = "bw"[ply % 2]
                legal = [engine.send(f"all_legal {color}") for engine in both]
                assert legal[0] == legal[1], ours.send("showboard")
                num_empty = size * size - sum(map(len, list_stones(ours)))
                num_forbidden += num_empty > len(legal[0].split())
                move = str(rng.choice(legal[0].split() if legal[0] and rng.random() > 0.02 else ["pass"]))
                for engine in both:
                    engine.send(f"play {color} {move}")
            assert list_stones(gnugo) == list_stones(ours)
    assert num_forbidden > 20, "suicide and repetition must have come up"


def list_stones(engine):
    """Returns the points of both colours from the diagram, which has the same format for both engines."""
    points = {"X": set(), "O": set()}
    for line in engine.send("showboard").split("\n"):
        row = re.match(r"\s*(\d+)((?:[ ()][.+XO])+)", line)
        if row:
            cells = row[2][1::2]
            for column, cell in zip(rules.COLUMNS[: len(cells)], cells, strict=True):
                if cell in points:
                    points[cell].add(f"{column}{row[1]}")
    return points["X"], points["O"]


@needs_gnugo
def test_a_game_against_gnu_go(project):
    with (
        start([*OURS, "none", "--visits", "8"], project) as ours,
        start([*GNUGO_COMMAND, "--level", "1", "--never-resign", "--seed", "1"], project) as gnugo,
    ):
        for engine in (ours, gnugo):
            engine.send("boardsize 5")
            engine.send("clear_board")
        passes = 0
        for ply in range(200):
            mover, other = (ours, gnugo) if ply % 2 == 0 else (gnugo, ours)
            move = mover.send(f"genmove {'bw'[ply % 2]}")
            other.send(f"play {'bw'[ply % 2]} {move}")
            passes = passes + 1 if move.lower() == "pass" else 0
            if passes == 2:
                break
        assert passes == 2
        assert re.fullmatch(r"[BW]\+\d+\.\d", ours.send("final_score"))


@leela_zero.needed
def test_heat_maps_are_leela_zero_s(tmp_path, project):
    """Both print thousandths, rounded down, so a rounding error may change a digit near an integer."""
    path = tmp_path / "net.txt"
    module = networks.random_module(size=19, blocks=2, filters=16)
    module.policy.weight.data *= 4
    leela.write(module.export(), path)
    theirs = leela_zero.command(path)
    with start([*OURS, str(path), "--visits", "1"], project) as ours, start(theirs, project) as leelaz:
        for command in ("play b Q16", "play w D4", "play b C3"):
            ours.send(command)
            leelaz.send(command)
            for choice in ("0", "5", "6", "average"):
                # Leela Zero prints heat maps to stderr. The client keeps the end of it.
                leelaz.send(f"heatmap {choice}")
                policy, winrate = leela_zero.read_heatmaps(leelaz.last_stderr, 19)[-1]
                answer = ours.send(f"heatmap {choice}")
                ((our_policy, our_winrate),) = leela_zero.read_heatmaps(answer, 19)
                assert np.abs(our_policy - policy).max() <= 1
                assert np.count_nonzero(our_policy - policy) <= 3
                assert our_winrate == pytest.approx(winrate, abs=1.01e-5)


@leela_zero.needed
def test_a_game_against_leela_zero_itself_is_legal_for_both(tmp_path, project):
    path = tmp_path / "net.txt"
    leela.write(networks.random_weights(size=19, blocks=1, filters=4), path)
    theirs = leela_zero.command(path, "-v", "2", "-r", "0")
    with start([*OURS, str(path), "--visits", "2"], project) as ours, start(theirs, project) as leelaz:
        game = play.Game(19, 7.5)
        for ply in range(30):
            mover, other = (ours, leelaz) if ply % 2 == 0 else (leelaz, ours)
            move = mover.send(f"genmove {'bw'[ply % 2]}")
            other.send(f"play {'bw'[ply % 2]} {move}")
            game.play(rules.parse_move(move, 19))
            if game.is_over:
                break
        assert len(game.moves) > 1
