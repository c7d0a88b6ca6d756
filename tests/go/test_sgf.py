"""SGF: what is read, what is refused, and that everything comes back."""

import contextlib

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
        (b"(;SZ[9:13])", "SGF: bad SZ property"),
        (b"(;SZ[30])", "SGF: size out of range: 30"),
        (b"(;SZ[25])", "board size 25: must be from 1 to 19"),
        (b"(;SZ[9]KM[lots])", "komi: could not convert"),
        (b"(;SZ[9]KM[nan])", "komi: not a number"),
        (b"(;SZ[9]KM[1e400])", "komi: "),
        (b"(;SZ[9];B[cc];W[zz])", "move 2: cannot be read"),
        (b"(;SZ[9];B[cc];AW[dd])", "stones are set up after move 1"),
        (b"(;SZ[9]AB[xx])", "set-up stones: "),
        (b"(;SZ[9]PL[X])", "properties of the root: "),
        (b"(;SZ[9]CA[nonsense];B[cc])", "nonsense"),
        (b"(;SZ[9]CA[UTF-8]PB[\xff\xfe];B[cc])", "utf-8"),
    ],
)
def test_read_refuses(data, reason):
    with pytest.raises(ValueError, match=reason):
        sgf.read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"(;SZ[9];B[cc];W[cc])", "move 2: white C7: the point is occupied"),
        (b"(;SZ[9]AB[ai]AW[ah][bi])", "without a liberty"),
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


@hypothesis.given(st.data())
def test_damage_is_a_value_error(data):
    damaged = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    # Any other exception fails the test.
    with contextlib.suppress(ValueError):
        sgf.read(bytes(damaged))
