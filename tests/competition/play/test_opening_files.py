"""Tests of openings from SGF files: upper-case names, collections and packed files."""

import gzip
import types

from alphazero.competition.play import opening_book, opening_moves

GAMES = b"(;GM[1]SZ[9];B[ee];W[ec])(;GM[1]SZ[9];B[cc];W[gg])(;GM[1]SZ[9];B[cc];W[cc])"
FIRST, SECOND = opening_moves.OpeningMoves(moves=(40, 58)), opening_moves.OpeningMoves(moves=(56, 24))


def read(path):
    game = types.SimpleNamespace(board_size=9)
    matchup = types.SimpleNamespace(game=game, opening_plies=2)
    return list(opening_book._read_openings(path, matchup))


def test_a_collection_without_its_invalid_games(tmp_path, caplog):
    (tmp_path / "a.SGF").write_bytes(GAMES)
    assert read(tmp_path / "a.SGF") == [FIRST, SECOND]
    assert [record.getMessage() for record in caplog.records] == [
        f"opening skipped: {tmp_path / 'a.SGF'}, game 3: move 2: white C7: the point is occupied"
    ]


def test_packed_files(tmp_path, caplog):
    (tmp_path / "a.sgf.gz").write_bytes(gzip.compress(GAMES[:50]))
    assert read(tmp_path / "a.sgf.gz") == [FIRST, SECOND]
    (tmp_path / "b.sgf.gz").write_bytes(b"not packed")
    assert read(tmp_path / "b.sgf.gz") == []
    assert "b.sgf.gz: cannot be unpacked: " in caplog.text


def test_handicap_games(tmp_path):
    games = (
        b"(;GM[1]SZ[9]HA[2]AB[gc][cg];W[ee];B[cc])"
        b"(;GM[1]SZ[9]AB[gc][cg]PL[B];B[ee];W[cc])(;GM[1]SZ[9]AB[gc]AW[cg];W[ee];B[cc])(;GM[1]SZ[9];W[ee];B[cc])"
    )
    (tmp_path / "a.sgf").write_bytes(games)
    assert read(tmp_path / "a.sgf") == [opening_moves.OpeningMoves(stones=(20, 60), moves=(40, 56))]


def test_openings_in_shared_data(shared_data):
    folder = shared_data / "field" / "openings"
    assert len(read(folder / "upper.SGF")) == 1
    assert len(read(folder / "collection.sgf")) == 3
