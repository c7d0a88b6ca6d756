"""Tests of SGF: reading, refusals, and round trips."""

import contextlib
import encodings.aliases
import re
from typing import NamedTuple

import hypothesis
import hypothesis.strategies as st
import pytest

from alphazero.config.game import GameConfig, Ko
from alphazero.go import diagram, rules, sgf
from tests.go import positions

SMALL = b"""(;GM[1]FF[4]SZ[9]KM[0.5]PB[Ann]PW[Bob]RE[B+1.5]RU[Chinese]C[hello]
;B[bh]C[B2];W[ca]C[edge (;B[aa\\])];B[];W[tt](;B[ah])(;B[ac];W[ba]))"""


def test_read():
    game = sgf.read(SMALL)
    assert (game.size, game.komi, game.black_name, game.white_name) == (9, 0.5, "Ann", "Bob")
    assert (game.result, game.rules, game.to_play) == ("B+1.5", "Chinese", rules.BLACK)
    names = [rules.format_move(action, 9) for _, action in game.moves]
    assert names == ["B2", "C9", "pass", "pass", "A2"]
    assert [color for color, _ in game.moves] == [1, 2, 1, 2, 1]
    assert game.comments == {0: "hello", 1: "B2", 2: "edge (;B[aa])"}


@pytest.mark.parametrize(
    ("text", "komi"),
    [
        ("7", 7),
        ("-0.5", -0.5),
        ("6,5", 6.5),
        (",5", 0.5),
        ("7\u76ee\u534a", 7.5),
        ("7\u534a", 7.5),
        ("6.5 points", 6.5),
        ("650", 6.5),
        ("375", 7.5),
        ("750", 7.5),
        ("3.75", 3.75),
        ("", 0),
        *[(text, None) for text in ("lots", "nan", "1e400", "5.5.5", "--1", ".")],
    ],
)
def test_komi(text, komi):
    game = sgf.read(f"(;SZ[9]CA[UTF-8]KM[{text}];B[cc])".encode())
    assert game.komi == komi
    assert len(game.moves) == 1
    assert sgf.read(sgf.write(game)).komi == (komi or 0)


def test_replay_without_a_known_komi():
    game = sgf.read(b"(;SZ[9]KM[?];B[cc])")
    assert (sgf.replay(game).komi, sgf.replay(game, komi=6.5).komi) == (0, 6.5)


@pytest.mark.parametrize(
    ("player", "color"),
    [("Black", 1), ("1", 1), ("b", 1), ("W", 2), ("white", 2), ("2", 2), ("X", 2), ("", 2)],
)
def test_the_player_to_move_in_words(player, color):
    assert sgf.read(f"(;SZ[9]AB[cc]PL[{player}];W[dd])".encode()).to_play == color


def test_replay_goes_on_after_two_passes():
    lines = diagram.render(sgf.replay(sgf.read(SMALL))).splitlines()
    assert lines[0] == "  9 . . O . . . . . ."
    assert lines[7] == "  2(X)X . . . . . . ."
    assert sgf.replay(sgf.read(SMALL), num_moves=4).is_over


def test_handicap_stones():
    game = sgf.read(b"(;SZ[9]HA[2]AB[bh][dd];W[cc])")
    assert game.black_setup == positions.actions("B2 D6", 9)
    assert game.to_play == rules.WHITE
    assert sgf.read(b"(;SZ[9]AB[bb])").to_play == rules.WHITE
    assert sgf.read(b"(;SZ[9]AB[bb]PL[B])").to_play == rules.BLACK
    assert sgf.replay(game).stones[positions.actions("B2 D6 C7", 9)].tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "SGF: no SGF data found"),
        (b"hello", "SGF: no SGF data found"),
        (b"(;SZ[9];B[cc]", "SGF: unexpected end of SGF data"),
        (b"(;SZ[9:13])", r"SZ\[9:13\]: must be from 1 to 19, for a square board"),
        (b"(;SZ[20])", r"SZ\[20\]: must be from 1 to 19"),
        (b"(;SZ[])", r"SZ\[\]: must be from 1 to 19"),
        (b"(;GM[2]SZ[8])", r"GM\[2\]: must be 1, which is Go"),
        (b"(;SZ[9];B[cc];W[zz])", r"move 2: W\[zz\]: must be a point of a 9x9 board, or empty for a pass"),
        (b"(;SZ[9];B[cc];W[c])", r"move 2: W\[c\]: "),
        (b"(;SZ[9];B[cc]W[dd])", "move 1: both colours move at once"),
        (b"(;SZ[9];B[\x00\n\xff%s])" % (30 * b"a"), r"move 1: B\[\?\?\?\?aaaaaaaaaaaaaaaa\.\.\.\]: "),
        (b"(;SZ[9];B[cc];AW[dd])", "stones are set up after move 1"),
        (b"(;SZ[9]AB[xx])", "set-up stones: must be points or rectangles of a 9x9"),
        (b"(;SZ[9]AB[cc:aa])", "set-up stones: must be points or rectangles of a 9x9"),
        (b"(;SZ[9]AB[aa]AW[aa])", "set-up stones: A9 is given to both colours"),
        (
            b"(;SZ[9]US[A[3d]];B[cc])",
            r"SGF: unexpected end of SGF data, line 1: unexpected text, \];B\[cc\]\)",
        ),
        (b"(;SZ[9]\n;B[cc]C[no end)", "line 2: a value without its closing bracket, "),
    ],
)
def test_read_refuses(data, reason):
    with pytest.raises(ValueError, match=reason):
        sgf.read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"(;SZ[9];B[cc];W[cc])", "move 2: white C7: the point is occupied"),
        (b"(;SZ[9]AB[ai]AW[ah][bi])", "the stones at A1 are set up without a liberty\n  9 "),
        (b"(;SZ[9];B[cc];W[cc])", r"\n  7 \. \.\(X\)"),
        (b"(;SZ[9]KM[7.3])", "komi 7.3: must be a multiple of 0.5 from -400 to 400"),
        (b"(;SZ[1])", "game.size=1: must be from 2 to 19"),
    ],
)
def test_replay_refuses(data, reason):
    with pytest.raises(ValueError, match=reason):
        sgf.replay(sgf.read(data))


texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)


@hypothesis.given(
    size=st.integers(1, 19),
    komi=st.integers(-20, 20).map(lambda half: half / 2),
    choices=st.lists(
        st.tuples(st.sampled_from([rules.BLACK, rules.WHITE]), st.integers(0, 361)), max_size=10
    ),
    name=texts,
    comments=st.dictionaries(st.integers(0, 10), texts),
)
def test_what_is_written_is_read(size, komi, choices, name, comments):
    moves = [(color, number % (size * size + 1)) for color, number in choices]
    game = sgf.SgfGame(
        size=size,
        komi=komi,
        moves=moves,
        to_play=moves[0][0] if moves else rules.BLACK,
        result="W+R",
        black_name=name,
        white_name="Bob",
        rules="Chinese",
        comments={number: text for number, text in comments.items() if number <= len(moves)},
    )
    assert sgf.read(sgf.write(game)) == game


def test_set_up_stones_and_more_properties_are_written():
    game = sgf.SgfGame(
        size=5, black_setup=[0, 7], white_setup=[3], to_play=rules.WHITE, info={"DT": "2024-01-02"}
    )
    data = sgf.write(game)
    assert b"DT[2024-01-02]" in data
    read = sgf.read(data)
    assert (read.black_setup, read.white_setup, read.to_play) == ([0, 7], [3], rules.WHITE)


def test_rules_in_words():
    usual = GameConfig()
    assert sgf.name_rules(usual) == "Tromp-Taylor"
    assert sgf.describe_rules(usual) == (
        "Area scoring, all stones alive; positional superko; suicide not allowed."
    )
    simple = GameConfig(ko=Ko.simple, suicide=True)
    assert sgf.name_rules(simple) == "koSIMPLEscoreAREAtaxNONEsui1"
    assert sgf.describe_rules(simple) == "Area scoring, all stones alive; simple ko; suicide allowed."


def test_alternate():
    assert sgf.alternate([4, 9, 0]) == [(rules.BLACK, 4), (rules.WHITE, 9), (rules.BLACK, 0)]


def test_stones_may_be_set_up_in_several_nodes_before_the_first_move():
    game = sgf.read(b"(;SZ[9]AB[aa:bb]AW[cc];AE[ab]AW[bb]PL[W];AB[cc]KO[];W[dd])")
    assert game.black_setup == positions.actions("C7 A9 B9", 9)
    assert game.white_setup == positions.actions("B8", 9)
    assert game.to_play == rules.WHITE
    assert len(game.moves) == 1


class Read(NamedTuple):
    """Expected content of a file."""

    moves: str
    black: str = ""
    players: str = ""
    to_play: int = rules.BLACK


# Files in tests/go/sgf_corpus, each unusual in one way. A string is the expected error.
CORPUS = {
    "after_the_end.sgf": Read("B C3 W pass B pass W D4 B pass W pass"),
    "carriage_returns.sgf": Read("B C3 W D4", players="A B/C D"),
    "compressed_points.sgf": Read("W E5", black="A1 B1 A2 B2", to_play=rules.WHITE),
    "empty_properties.sgf": Read("B C3"),
    "junk_around.sgf": Read("B C3 W D4"),
    "latin1.sgf": Read("B C3", players="J\u00f6rg/Zo\u00eb"),
    "lower_case_names.sgf": Read("B C3 W D4", black="E5"),
    "nothing.sgf": Read(""),
    "shift_jis.sgf": Read("B C3", players="\u6b66\u5bae/\u6797"),
    "two_games.sgf": Read("B C3"),
    "utf16_big.sgf": Read("B C3", players="\u56f2\u7881/Zo\u00eb"),
    "utf16_little.sgf": Read("B C3", players="\u56f2\u7881/Zo\u00eb"),
    "utf8_mark.sgf": Read("B C3", players="\u56f2\u7881/Zo\u00eb"),
    "variations.sgf": Read("B C3 W D4 B E5 W F6"),
    "board_21.sgf": "SZ[21]: must be from 1 to 19",
    "chess.sgf": "GM[3]: must be 1",
    "comment_not_closed.sgf": "SGF: unexpected end of SGF data",
    "set_up_later.sgf": "stones are set up after move 2",
    "truncated.sgf": "SGF: unexpected end of SGF data",
    "utf16_no_mark.sgf": "SGF: no SGF data found",
}


@pytest.mark.parametrize("name", CORPUS)
def test_corpus(name, project):
    expected = CORPUS[name]
    data = (project / "tests" / "go" / "sgf_corpus" / name).read_bytes()
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=re.escape(expected)):
            sgf.read(data)
        return
    game = sgf.read(data)
    moves = [f"{'.BW'[color]} {rules.format_move(action, game.size)}" for color, action in game.moves]
    assert " ".join(moves) == expected.moves
    assert game.black_setup == positions.actions(expected.black, game.size)
    assert f"{game.black_name}/{game.white_name}" == (expected.players or "/")
    assert game.to_play == expected.to_play
    assert sgf.replay(game).moves == game.moves


def test_the_corpus_is_all_tested(project):
    assert {path.name for path in (project / "tests" / "go" / "sgf_corpus").iterdir()} == set(CORPUS)


def read_and_replay(data):
    """Reads and replays; only ValueError is allowed. Replays 9x9 only, as other sizes would be compiled."""
    with contextlib.suppress(ValueError):
        game = sgf.read(data)
        if game.size == 9:
            sgf.replay(game)


TOKENS = [
    *"(());;;:", "B", "W", "AB", "AW", "AE", "PL", "KM", "SZ", "GM", "CA", "C", "PB", "RE", "Ab", "\\]",
    "[\\]", "[]", "[aa]", "[cc]", "[cc]", "[ee:aa]", "[aa:ee]", "[tt]", "[zz]", "[9]", "[9]", "[19]", "[1]",
    "[b]", "[W]", "[1e9]", "[-7.5]", "[UTF-8]", "[koi8-r]",
]  # fmt: skip


@pytest.mark.parametrize(
    "name", sorted({*encodings.aliases.aliases.values(), "idna", "punycode", "undefined"})
)
def test_any_encoding_is_read_or_a_value_error(name):
    for text in (b"plain", b"\\x41 \\q \xc3\xa9 \xff\x80", b"~{ xn--a- \x0e"):
        read_and_replay(b"(;SZ[9]CA[%s]PB[%s]C[%s];B[cc]C[%s])" % (name.encode(), text, text, text))


@hypothesis.given(st.binary(max_size=200).map(lambda data: b"(;" + data) | st.binary(max_size=50))
def test_any_bytes_are_read_or_a_value_error(data):
    read_and_replay(data)


@hypothesis.given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_any_tokens_are_read_or_a_value_error(tokens):
    read_and_replay(("(;SZ[9]" + "".join(tokens) + ")").encode())


@hypothesis.given(st.data())
def test_corruption_is_a_value_error(data):
    corrupted = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        corrupted[data.draw(st.integers(0, len(corrupted) - 1))] = data.draw(st.integers(0, 255))
    read_and_replay(bytes(corrupted))
