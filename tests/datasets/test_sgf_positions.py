"""Positions of SGF files: which are used, and which are left out and reported."""

import gzip
import re

import numpy as np
import pytest

from alphazero.datasets import positions, sgf_positions
from alphazero.datasets.corruption import Reason
from tests.datasets import chunks


def read(path, size=5):
    reported = []
    games = list(sgf_positions.read(path, size, reported.append))
    return games, reported


def swap(old, new):
    assert chunks.SGF.count(old) == 1
    return chunks.SGF.replace(old, new)


def read_text(tmp_path, text, size=5):
    (tmp_path / "a.sgf").write_bytes(text)
    return read(tmp_path / "a.sgf", size)


def test_a_game(tmp_path):
    (game,), reported = read_text(tmp_path, chunks.SGF)
    assert reported == []
    assert game.policy.argmax(axis=1).tolist() == [12, 6, 4, 25]
    assert game.policy.sum(axis=1).tolist() == [1] * 4
    assert game.value.tolist() == [-1, 1, -1, 1]
    assert game.auxiliary == {}
    planes = positions.unpack_planes(game)
    assert np.flatnonzero(planes[3, 8]).tolist() == [4, 12]


@pytest.mark.parametrize(
    ("result", "value"),
    [
        *[(text, 1) for text in ("B+3.5", "B+R", "B+Resign", "b+0.5", " B+12 ", "B+")],
        *[(text, -1) for text in ("W+3.5", "W+R", "W+88.0")],
        *[(text, 0) for text in ("0", "Draw", "draw", "Jigo", "0.0", "D")],
        *[
            (text, None)
            for text in ("", "?", "Void", "B+T", "W+Time", "B+F", "W+Forfeit", "B", "0 points", "1-0")
        ],
    ],
)
def test_results(result, value):
    assert sgf_positions.value_of(result) == value


def test_draws_have_value_zero(tmp_path):
    (game,), reported = read_text(tmp_path, swap(b"W+R", b"0"))
    assert (game.value.tolist(), reported) == ([0, 0, 0, 0], [])


def test_handicap_stones_are_part_of_the_board_but_not_of_its_history(tmp_path):
    (game,), _ = read_text(tmp_path, b"(;SZ[5]HA[2]AB[bd][db]RE[B+9];W[cc];B[];B[aa])")
    planes = positions.unpack_planes(game)
    assert planes[:, 17, 0].tolist() == [1, 0, 0]  # White, Black, and Black once more
    assert np.flatnonzero(planes[0, 8]).tolist() == [6, 18]
    assert not planes[0, 9:16].any()
    assert np.flatnonzero(planes[1, 1]).tolist() == [6, 18]
    assert game.value.tolist() == [-1, 1, 1]


def test_a_game_continues_after_two_passes(tmp_path):
    (game,), reported = read_text(tmp_path, b"(;SZ[5]RE[B+9];B[cc];W[];B[];W[aa])")
    assert (len(game.value), reported) == (4, [])


def test_repetitions_and_suicides_that_some_rules_allow(tmp_path):
    stones = b"(;SZ[5]RE[B+9]AB[ba][ab]AW[ca][bb][ac]PL[W];W[aa])"
    (game,), reported = read_text(tmp_path, stones)
    assert (len(game.value), reported) == (1, [])


CASES = {
    "no sgf": (b"hello", Reason.empty, "", "no game in it"),
    "empty": (b"", Reason.empty, "", "no game in it"),
    "breaks off": (chunks.SGF[:-1], Reason.unreadable, "game 1", "SGF: unexpected end of SGF data"),
    "off the board": (swap(b"[bd]", b"[bz]"), Reason.unreadable, "game 1", r"move 2: W\[bz\].*"),
    "chess": (b"(;GM[3]SZ[8];B[cc])", Reason.unreadable, "game 1", r"GM\[3\].*"),
    "size": (swap(b"SZ[5]", b"SZ[9]"), Reason.size, "game 1", "9x9, expected 5x5"),
    "no size": (swap(b"SZ[5]", b""), Reason.size, "game 1", "19x19, expected 5x5"),
    "no result": (swap(b"RE[W+R]", b""), Reason.undecided, "game 1", r"RE\[\]"),
    "time": (swap(b"W+R", b"W+T"), Reason.undecided, "game 1", r"RE\[W\+T\]"),
    "occupied": (swap(b"[bd]", b"[cc]"), Reason.illegal, "game 1", "move 2, C3: the point is occupied"),
    "dead": (b"(;SZ[5]RE[B+1]AW[ab][ba]AB[aa];B[cc])", Reason.illegal, "game 1", ".*without a liberty"),
    "no moves": (b"(;SZ[5]RE[B+1])", Reason.empty, "game 1", "no move"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_games_that_are_left_out(tmp_path, case):
    text, reason, place, detail = CASES[case]
    games, reported = read_text(tmp_path, text)
    assert games == []
    assert [(skipped.reason, skipped.place, skipped.count) for skipped in reported] == [(reason, place, 1)]
    assert re.fullmatch(detail, reported[0].detail)
    assert "\n" not in str(reported[0])


def test_simple_ko_may_not_be_retaken_at_once(tmp_path):
    ko = b"(;SZ[5]RE[B+9]AB[ba][ab][bc]AW[ca][db][cc][bb]PL[B];B[cb];W[bb])"
    games, reported = read_text(tmp_path, ko)
    assert games == []
    assert [skipped.detail for skipped in reported] == ["move 2, B4: it would repeat an earlier position"]


def test_collections_and_their_bad_games(tmp_path):
    bad = swap(b"[bd]", b"[cc]")
    tricky = rb"(;SZ[5]RE[W+1]C[a) \] (;B (];B[cc](;W[bd])(;W[dd];B[ab]))"
    text = b"archive\n" + chunks.SGF + b"\n) " + bad + chunks.SGF + bad + tricky
    games, reported = read_text(tmp_path, text)
    assert [len(game.value) for game in games] == [4, 4, 2]
    assert [(skipped.reason, skipped.place, skipped.count) for skipped in reported] == [
        (Reason.illegal, "game 2", 2)
    ]
    assert str(reported[0]) == (
        f"{tmp_path / 'a.sgf'}, game 2 and 1 more: has an illegal move (move 2, C3: the point is occupied)"
    )


def test_compressed_collections_and_one_that_cannot_be_unpacked(tmp_path):
    (tmp_path / "a.sgf.gz").write_bytes(gzip.compress(chunks.SGF + chunks.SGF[:-1] + chunks.SGF))
    (tmp_path / "b.sgf.xz").write_bytes(b"not packed")
    games, reported = read(tmp_path)
    assert len(games) == 2
    assert [(skipped.reason, skipped.path.name, skipped.place) for skipped in reported] == [
        (Reason.unreadable, "a.sgf.gz", "game 2"),
        (Reason.unreadable, "b.sgf.xz", ""),
    ]
    assert reported[1].detail.startswith("cannot be unpacked: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_byte_order_marks(tmp_path, encoding):
    games, reported = read_text(tmp_path, chunks.SGF.decode().encode(encoding))
    assert ([len(game.value) for game in games], reported) == ([4], [])


def test_folders(tmp_path):
    with pytest.raises(ValueError, match="no SGF files there"):
        list(sgf_positions.read(tmp_path, 5))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.SGF").write_bytes(chunks.SGF)
    (tmp_path / "a.sgf").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    games, reported = read(tmp_path)
    assert (len(games), [skipped.path.name for skipped in reported]) == (1, ["a.sgf"])
    assert sgf_positions.size_of(tmp_path) == 5


def test_size_of_nothing(tmp_path):
    (tmp_path / "a.sgf").write_bytes(b"(;SZ[99])")
    with pytest.raises(ValueError, match="no readable game"):
        sgf_positions.size_of(tmp_path)


def test_an_archive(shared_data):
    """250 games of CGOS, 43 of them drawn."""
    games, reported = read(shared_data / "cgos9", 9)
    assert reported == []
    assert len(games) == 250
    assert sum(not game.value.any() for game in games) == 43
    assert sum(len(game.value) for game in games) == 21992
