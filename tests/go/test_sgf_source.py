"""Tests of encodings of SGF text: with any CA, all moves are read or the game is refused."""

import hypothesis
import hypothesis.strategies as st
import pytest

from alphazero.go import sgf

ENCODINGS = ("utf-8", "gbk", "big5", "shift_jis", "euc-kr", "latin-1")
HIDING = 0x5B, 0x5C, 0x5D
"""Bytes of SGF's syntax that may also be the second byte of a letter."""


def letters_of(encoding):
    """Non-ASCII letters of an encoding, and those of them whose last byte is SGF syntax."""
    letters, hiding = [], []
    for code in (*range(0xA1, 0x180), *range(0x3041, 0x30FF), *range(0x4E00, 0x9FA6), *range(0xAC00, 0xD7A4)):
        try:
            data = chr(code).encode(encoding)
        except UnicodeEncodeError:
            continue
        if data[0] < 0x80:  # the yen sign of Shift-JIS is a backslash
            continue
        letters.append(chr(code))
        if data[-1] in HIDING:
            hiding.append(chr(code))
    return letters, hiding or letters


LETTERS = {encoding: letters_of(encoding) for encoding in ENCODINGS}


def texts(encoding):
    """Names and comments with many bytes that look like syntax, escaped as SGF requires."""
    letters, hiding = LETTERS[encoding]
    parts = (
        st.sampled_from(hiding)
        | st.sampled_from(letters)
        | st.sampled_from([*"aZ 9:;()\n", "\\\\", "\\]", "["])
    )
    return st.lists(parts, max_size=8).map("".join)


@st.composite
def games(draw):
    """Content of a file, its number of moves, whether CA names the encoding."""
    encoding = draw(st.sampled_from(ENCODINGS))
    is_honest = draw(st.booleans())
    text = texts(encoding)
    parts = ["(;GM[1]SZ[9]", f"CA[{encoding}]" if is_honest else "", f"PB[{draw(text)}]PW[{draw(text)}]"]
    num_moves = draw(st.integers(1, 6))
    for number in range(num_moves):
        parts.append(f";{'BW'[number % 2]}[{'abcdef'[number]}c]")
        parts.append(f"C[{draw(text)}]" if draw(st.booleans()) else "")
    return "".join([*parts, ")"]).encode(encoding), num_moves, is_honest


def check_all_moves_or_an_error(game):
    data, num_moves, is_honest = game
    try:
        read = sgf.read(data)
    except ValueError:
        assert not is_honest, "CA names the encoding"
        return
    assert len(read.moves) == num_moves
    assert [action % 9 for _, action in read.moves] == list(range(num_moves))


@hypothesis.given(games())
@hypothesis.settings(max_examples=100, deadline=None)
def test_all_moves_or_an_error(game):
    check_all_moves_or_an_error(game)


@pytest.mark.slow
@hypothesis.given(games())
@hypothesis.settings(max_examples=2000, deadline=None)
def test_all_moves_or_an_error_at_length(game):
    check_all_moves_or_an_error(game)


MOVES = "RE[B+R];B[ee];W[ec]C[{}];B[ge];W[ce])"


@pytest.mark.parametrize(
    "charset", ["CA[Shift_JIS]", "", "CA[UTF-8]", "CA[ANSI]", "CA[]", "CA[rot13]", "CA[utf-16]"]
)
def test_a_comment_that_ends_with_a_hidden_backslash(charset):
    comment = "\u89e3\u8aac\u8868"  # the last byte in Shift-JIS is 0x5C
    data = (f"(;GM[1]SZ[9]{charset}" + MOVES.format(comment)).encode("shift_jis")
    assert b"\\]" in data
    game = sgf.read(data)
    assert len(game.moves) == 4
    assert charset != "CA[Shift_JIS]" or game.comments == {2: comment}


def test_letters_with_accents_before_a_bracket():
    game = sgf.read(("(;GM[1]SZ[9]PB[Ren\xe9]PW[Zo\xeb]" + MOVES.format("tr\xe8s")).encode("latin-1"))
    assert (game.black_name, game.white_name, len(game.moves)) == ("Ren\xe9", "Zo\xeb", 4)


def test_gbk_text_declared_as_utf_8():
    data = ("(;GM[1]SZ[9]CA[UTF-8]PB[\u5c0f\u6797]KM[375]" + MOVES.format("\u9ed1\u597d")).encode("gbk")
    game = sgf.read(data)
    assert (game.black_name, game.komi, len(game.moves)) == ("\u5c0f\u6797", 7.5, 4)


def test_utf_8_text_declared_as_gbk():
    data = ("(;GM[1]SZ[9]CA[GBK]PB[\u6797]PW[\u6797]" + MOVES.format("\u6797")).encode()
    assert len(sgf.read(data).moves) == 4


@pytest.mark.parametrize("name", ["fox-gbk", "unknown-charset", "shift-jis", "shift-jis-no-ca", "komi-650",
                                  "komi-comma", "komi-moku", "utf8-control"])  # fmt: skip
def test_real_files(shared_data, name):
    game = sgf.read((shared_data / "field" / "sgf" / f"{name}.sgf").read_bytes())
    assert len(game.moves) == (6 if name in ("shift-jis", "shift-jis-no-ca", "utf8-control") else 12)
    komi = {"fox-gbk": 7.5, "komi-650": 6.5, "komi-comma": 6.5, "komi-moku": 7.5}
    assert game.komi == komi.get(name, 7)


@pytest.mark.parametrize("name", ["player-1", "player-black"])
def test_players_in_real_files(shared_data, name):
    game = sgf.read((shared_data / "field" / "sgf" / f"{name}.sgf").read_bytes())
    assert [color for color, _ in game.moves] == [2, 1]


def test_a_bracket_in_a_real_file(shared_data):
    with pytest.raises(ValueError, match=r"line 1: unexpected text, \]RE\[B\+R\]"):
        sgf.read((shared_data / "field" / "sgf" / "bracket.sgf").read_bytes())
