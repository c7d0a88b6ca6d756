"""Tests with real games: 250 of the CGOS archive against sgfmill, and training records of Leela Zero."""

import gzip
import json

import numpy as np
import pytest

from alphazero.go import diagram, features, geometry, play, rules, sgf
from tests.go import diagrams

SUPERVISED = ["620764", "622643", "623554", "638132", "638370"]


@pytest.fixture(scope="module")
def archive(shared_data):
    """Expected results and SgfGame of each game."""
    lines = (shared_data / "cgos9_expected.jsonl").read_text().splitlines()
    games = [json.loads(line) for line in lines]
    assert len(games) == 250
    return [(game, sgf.read((shared_data / "cgos9" / game["file"]).read_bytes())) for game in games]


def test_boards_captures_and_areas(archive):
    for expected, record in archive:
        position = sgf.replay(record)
        rows = "\n".join(" ".join(row) for row in expected["final_rows_top_first"])
        assert diagram.render(position.stones) == diagram.render(diagrams.parse(rows)), expected["file"]
        assert position.captures(rules.BLACK) == expected["captured_by_black"], expected["file"]
        assert position.captures(rules.WHITE) == expected["captured_by_white"], expected["file"]
        assert position.score() + position.komi == expected["area_black_minus_white"], expected["file"]
        assert position.ownership().sum() == expected["area_black_minus_white"], expected["file"]
        assert len(position.moves) == expected["nmoves"], expected["file"]


def test_scores_are_the_results(archive):
    num_scored = 0
    for expected, record in archive:
        assert record.result == expected["RE"]
        position = sgf.replay(record)
        assert position.is_over == expected["two_pass_end"], expected["file"]
        if expected["scored"]:
            num_scored += 1
            winner, margin = expected["RE"].split("+") if "+" in expected["RE"] else ("B", "0")
            assert position.score() == (float(margin) if winner == "B" else -float(margin)), expected["file"]
    assert num_scored == 200


def leela_planes(lines, num_points):
    """Planes [18, P] from the first 17 lines of a record in Leela Zero's text format, version 1."""
    planes = np.zeros((features.NUM_PLANES, num_points), np.uint8)
    for plane, line in enumerate(lines[:16]):
        bits = "".join(f"{int(digit, 16):04b}" for digit in line[:-1]) + line[-1]
        planes[plane] = [int(bit) for bit in bits]
    planes[features.BLACK_TO_MOVE + int(lines[16])] = 1
    return planes


@pytest.mark.parametrize("number", SUPERVISED)
def test_planes_of_leela_zero(shared_data, number):
    record = sgf.read((shared_data / "cgos9" / f"{number}.sgf").read_bytes())
    lines = (
        gzip.decompress((shared_data / "lz_supervised" / f"{number}.0.gz").read_bytes()).decode().splitlines()
    )
    assert len(lines) == 19 * len(record.moves)
    position = play.Game(record.size, record.komi)
    ours = np.zeros((features.NUM_PLANES, 81), np.uint8)
    for number, (color, action) in enumerate(record.moves):
        features.fill_planes(geometry.make(9), position.record, 0, ours)
        expected = leela_planes(lines[19 * number : 19 * number + 19], 81)
        assert np.array_equal(ours, expected), f"before move {number + 1}\n{position}"
        # The policy is one-hot. Leela Zero numbers actions as this project does.
        assert lines[19 * number + 17].split().index("1") == action
        position.play(action, color)


@pytest.mark.parametrize("name", ["lz9_synth_0", "lz19_0k_0"])
def test_training_records_of_leela_zero(shared_data, name):
    """A self-play game of Leela Zero: planes, legal moves and the winner at every ply."""
    folder = shared_data / "lz_pairs"
    record = sgf.read((folder / f"{name}.sgf").read_bytes())
    lines = gzip.decompress((folder / f"{name}.0.gz").read_bytes()).decode().splitlines()
    assert len(lines) == 19 * len(record.moves)
    position = play.Game(record.size, record.komi)
    ours = np.zeros((features.NUM_PLANES, record.size**2), np.uint8)
    winner = rules.BLACK if record.result.startswith("B+") else rules.WHITE
    for number, (color, action) in enumerate(record.moves):
        features.fill_planes(geometry.make(record.size), position.record, 0, ours)
        theirs = lines[19 * number : 19 * number + 19]
        assert np.array_equal(ours, leela_planes(theirs, record.size**2)), f"before move {number + 1}"
        policy = np.array([float(share) for share in theirs[17].split()])
        assert policy.sum() == pytest.approx(1, abs=1e-4) and not policy[~position.legal()].any()
        assert int(theirs[18]) == (1 if color == winner else -1)
        position.play(action, color)
    assert position.is_over
    assert f"{'B' if position.score() > 0 else 'W'}+{abs(position.score()):g}" == record.result
