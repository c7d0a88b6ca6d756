"""Tests of unconditional life: pictures, comparison with the reference, games that attack it."""

import itertools
from typing import NamedTuple

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from alphazero.go import diagram, geometry, life, rules
from tests.go import diagrams, positions
from tests.reference import board as reference_board
from tests.reference import life as reference_life


class Case(NamedTuple):
    name: str
    stones: str
    alive: str  # the pass-alive stones of both colours
    owner: str  # the settled owner of each point


NOTHING = "..... / ..... / ..... / ..... / ....."
TWO_EYES = ".X.XX / XXXXX"
CASES = [
    Case("nothing", NOTHING, NOTHING, NOTHING),
    Case("two eyes",
         "..... / ..... / ..... / XXXX. / .X.X.",
         "..... / ..... / ..... / XXXX. / .X.X.",
         "..... / ..... / ..... / XXXX. / XXXX."),
    Case("one eye",
         "..... / ..... / ..... / XX... / .X...", NOTHING, NOTHING),
    Case("an eye that is false",
         "..... / OOOO. / XXXO. / .XOO. / X.XO.", NOTHING, NOTHING),
    Case("three chains live by eyes that they share",
         "..... / ..... / XXX.. / .X.X. / X.XX.",
         "..... / ..... / XXX.. / .X.X. / X.XX.",
         "..... / ..... / XXX.. / XXXX. / XXXX."),
    Case("all alive",
         f"{TWO_EYES} / OOOOO / OOOOO / .O.O.",
         f"{TWO_EYES} / OOOOO / OOOOO / .O.O.",
         "XXXXX / XXXXX / OOOOO / OOOOO / OOOOO"),
    Case("a point between",
         f"{TWO_EYES} / OO.OO / OOOOO / .O.O.",
         f"{TWO_EYES} / OO.OO / OOOOO / .O.O.",
         "XXXXX / XXXXX / OO.OO / OOOOO / OOOOO"),
    Case("a dead stone in an eye",
         "O.X.X / XXXXX / OOOOO / OOOOO / .O.O.",
         "..X.X / XXXXX / OOOOO / OOOOO / .O.O.",
         "XXXXX / XXXXX / OOOOO / OOOOO / OOOOO"),
    Case("seki",
         "XXXOO / XXXOO / XX.OO / XXXOO / XX.OO", NOTHING, NOTHING),
    Case("bent four in the corner",
         f"{TWO_EYES} / OOXXX / XOOOX / .XXO.",
         f"{TWO_EYES} / ..XXX / ....X / .....",
         "XXXXX / XXXXX / ..XXX / ....X / ....."),
    Case("an area where White has room for one eye",
         f"{TWO_EYES} / XXXXX / ..XXX / ..XXX",
         f"{TWO_EYES} / XXXXX / ..XXX / ..XXX",
         "XXXXX / XXXXX / XXXXX / XXXXX / XXXXX"),
    Case("an area with two inner points side by side",
         f"{TWO_EYES} / XXXXX / O.OXX / .O.XX",
         f"{TWO_EYES} / XXXXX / ...XX / ...XX",
         "XXXXX / XXXXX / XXXXX / XXXXX / XXXXX"),
    Case("an area with two inner points apart",
         f"{TWO_EYES} / X..XX / ...XX / ..XXX",
         f"{TWO_EYES} / X..XX / ...XX / ..XXX",
         "XXXXX / XXXXX / X..XX / ...XX / ..XXX"),
    Case("an area with three inner points",
         f"{TWO_EYES} / XXXXX / ....X / ....X",
         f"{TWO_EYES} / XXXXX / ....X / ....X",
         "XXXXX / XXXXX / XXXXX / ....X / ....X"),
    Case("an unsettled stone of the owner between",
         f"{TWO_EYES} / XXXXX / ..XXX / X.XXX",
         f"{TWO_EYES} / XXXXX / ..XXX / ..XXX",
         "XXXXX / XXXXX / XXXXX / XXXXX / XXXXX"),
    Case("Black's eye holds a stone that could be removed by suicide",
         "..... / ..... / XXXXX / ..X.X / O.XXX",
         "..... / ..... / XXXXX / ..X.X / ..XXX", NOTHING),
]  # fmt: skip


def stones_of(text):
    return diagrams.parse(text.replace(" / ", "\n").replace("", " "))


def settled_owner(stones):
    """Owners [P], and whether every point is settled."""
    size = round(len(stones) ** 0.5)
    owner = np.full(size * size, 7, np.int8)
    is_settled = life.is_settled(geometry.make(size), stones, life.make_scratch(size * size), owner)
    return owner, is_settled


def pass_alive(stones, color, *, suicide=False):
    """Pass-alive stones [P] bool."""
    size = round(len(stones) ** 0.5)
    alive = np.ones(size * size, np.bool_)
    life.pass_alive(geometry.make(size), stones, life.make_scratch(size * size), color, suicide, alive)
    return alive


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pictures(case):
    stones = stones_of(case.stones)
    alive = pass_alive(stones, rules.BLACK) | pass_alive(stones, rules.WHITE)
    expected = stones_of(case.alive)
    found = np.where(alive, stones[:-1], rules.EMPTY)
    assert np.array_equal(found, expected[:-1]), diagram.render(found)
    owner, is_settled = settled_owner(stones)
    expected = stones_of(case.owner)[:-1]
    assert np.array_equal(owner, np.where(expected == rules.WHITE, -1, expected))
    assert is_settled == (expected != rules.EMPTY).all()


def test_with_suicide_an_eye_holds_no_point_out_of_reach():
    stones = stones_of(CASES[-1].stones)
    assert pass_alive(stones, rules.BLACK).any()
    assert not pass_alive(stones, rules.BLACK, suicide=True).any()


def boards(sizes, cells="bbbwww."):
    """Boards whose points are drawn from `cells`, without chains that have no liberty."""
    contents = st.sampled_from(cells)
    return st.sampled_from(sizes).flatmap(
        lambda size: st.builds(
            lambda cells: (size, with_liberties(size, cells)),
            st.lists(contents, min_size=size**2, max_size=size**2),
        )
    )


def with_liberties(size, cells):
    stones = {(i % size, i // size): cell for i, cell in enumerate(cells) if cell != "."}
    return reference_board.without_captured(size, reference_board.without_captured(size, stones, "w"), "b")


def as_array(size, stones):
    return np.array([*positions.as_stones(stones, size), rules.WALL], np.int8)


def check_against_reference(size, stones):
    array = as_array(size, stones)
    for color, suicide in itertools.product("bw", (False, True)):
        expected = reference_life.pass_alive(size, stones, color, suicide=suicide)
        found = pass_alive(array, positions.COLORS[color], suicide=suicide)
        assert np.array_equal(found, positions.as_mask(expected, size)), diagram.render(array)
    owner, is_settled = settled_owner(array)
    expected = reference_life.settled_owner(size, stones)
    values = {"b": 1, "w": -1, "": 0}
    points = [positions.as_point(point, size) for point in range(size * size)]
    assert owner.tolist() == [values[expected[point]] for point in points], diagram.render(array)
    assert is_settled == all(expected.values())


@hypothesis.settings(max_examples=200)
@hypothesis.given(boards(sizes=(2, 3, 5)))
def test_random_boards_agree_with_reference(board):
    check_against_reference(*board)


@hypothesis.given(positions.random_games(sizes=(3, 5), max_moves=60))
def test_games_agree_with_reference(seed):
    position = positions.play_randomly(seed)
    stones = {
        positions.as_point(point, seed.size): ".bw"[content]
        for point, content in enumerate(position.stones)
        if content
    }
    check_against_reference(seed.size, stones)


def legal_boards(size):
    """All boards on which every chain has a liberty."""
    points = list(itertools.product(range(size), repeat=2))
    for cells in itertools.product("bw.", repeat=len(points)):
        stones = {point: cell for point, cell in zip(points, cells, strict=True) if cell != "."}
        if all(reference_board.liberties(size, stones, point) for point in stones):
            yield stones


def reachable_by(size, stones, color, *, suicide):
    """Boards reachable by moves of one colour alone."""
    seen, waiting = {frozenset(stones.items())}, [stones]
    while waiting:
        now = waiting.pop()
        for point in reference_life.all_points(size) - set(now):
            then = reference_life.after(size, now, point, color)
            key = frozenset(then.items())
            if key not in seen and (suicide or point in then):
                seen.add(key)
                waiting.append(then)
                yield then


@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("suicide", [False, True])
def test_pass_alive_stones_cannot_be_captured(suicide, every):
    """Enumerates all moves of White alone, from 3x3 boards with pass-alive black stones."""
    num_boards = 0
    for stones in itertools.islice(legal_boards(3), 0, None, every):
        alive = reference_life.pass_alive(3, stones, "b", suicide=suicide)
        num_boards += bool(alive)
        for then in reachable_by(3, stones, "w", suicide=suicide) if alive else ():
            assert alive <= {point for point in then if then[point] == "b"}
    assert num_boards > 600 / every


def hold(size, stones, color, choices):
    """Plays moves of the other colour against `defending_move` until there is nothing left to capture."""
    start = reference_life.settled_owner(size, stones)
    own = {point for point in start if start[point] == color}
    choices, last, other = list(choices), None, reference_board.OTHER[color]
    for _ in range(20 * size * size):
        if choices:
            empty = sorted(reference_life.all_points(size) - set(stones))
            stones = reference_life.after(size, stones, empty[choices.pop() % len(empty)], other)
        owner = reference_life.settled_owner(size, stones)
        assert own <= {point for point in owner if owner[point] == color}
        last = reference_life.defending_move(size, stones, color)
        if last is not None:
            stones = reference_life.after(size, stones, last, color)
        elif not choices:
            break
    assert last is None
    assert not any(stones.get(point) == other for point in own)


@hypothesis.given(
    boards(sizes=(3, 4, 5), cells="bbbbbbw..") | boards(sizes=(4, 5)),
    st.lists(st.integers(0, 24), max_size=30),
)
def test_owners_can_keep_settled_points(board, choices):
    """The other colour plays random moves and the owner answers. In the end all dead stones are captured."""
    size, stones = board
    colors = set(reference_life.settled_owner(size, stones).values()) - {""}
    hypothesis.assume(colors)
    hold(size, stones, max(colors), choices)
    hold(size, stones, min(colors), choices)
