"""Our chunks against those of Leela Zero, if it is installed: the same games make the same bytes."""

import gzip
import subprocess
from pathlib import Path

import numpy as np
import pytest

from alphazero.datasets import chunk_text, sgf_positions
from alphazero.go import play, sgf
from alphazero.net import leela
from tests.datasets import chunks
from tests.net import leela_zero, networks

pytestmark = [pytest.mark.slow, leela_zero.needed]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("net") / "net.txt.gz"
    leela.write(networks.random_module(size=19, blocks=1, filters=8).export(), path)
    return path


def run_leelaz(weights: Path, folder: Path, commands: list[str]) -> None:
    command = leela_zero.command(weights, "-v", "8", "-r", "0", "-n")
    text = "\n".join([*commands, "quit", ""])
    subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=240, check=True)


def random_game(seed: int, num_moves: int) -> bytes:
    """A game with captures and passes."""
    rng = np.random.default_rng(seed)
    game = play.Game(19, 7.5)
    for _ in range(num_moves):
        points = np.flatnonzero(game.legal()[:-1])
        may_pass = game.last_move != 361 and rng.random() < 0.02
        game.play(361 if may_pass else int(rng.choice(points)))
    assert min(game.captures(1), game.captures(2)) > 10
    return sgf.write(sgf.SgfGame(size=19, komi=7.5, moves=game.moves, result="W+2.5"))


def test_dump_supervised(weights: Path, tmp_path: Path):
    for seed in range(3):
        (tmp_path / f"{seed}.sgf").write_bytes(random_game(seed, 450))
    run_leelaz(weights, tmp_path, [f"dump_supervised {seed}.sgf {seed}" for seed in range(3)])
    for seed in range(3):
        (game,) = sgf_positions.read(tmp_path / f"{seed}.sgf", 19)
        assert chunk_text.encode(game, 19) == gzip.decompress((tmp_path / f"{seed}.0.gz").read_bytes())


def test_dump_training(weights: Path, tmp_path: Path):
    """The search's probabilities are only in its chunk. Encoded again, they give the same bytes."""
    moves = ["genmove b", "genmove w"] * 12
    run_leelaz(weights, tmp_path, [*moves, "printsgf game.sgf", "dump_training w train"])
    theirs, reported = chunks.read(tmp_path / "train.0.gz", 19)
    text = (tmp_path / "game.sgf").read_bytes()
    (tmp_path / "game.sgf").write_bytes(text.replace(b"RE[B+", b"RE[W+"))  # as passed to dump_training
    (ours,) = sgf_positions.read(tmp_path / "game.sgf", 19)
    assert (len(theirs.value), reported) == (24, [])
    again = chunk_text.encode(ours._replace(policy=theirs.policy), 19)
    assert again == gzip.decompress((tmp_path / "train.0.gz").read_bytes())
