"""Adjudication, compared with further play: random games are continued after they were settled."""

import numpy as np
import pytest

from alphazero.config import schema
from alphazero.go import geometry, life, play, rules, scoring
from alphazero.selfplay import adjudicate
from tests.go import positions

SIZE, POINTS, KOMI = 5, 25, 7.0
GEOMETRY = geometry.make(SIZE)
NUM_INVASIONS = 30


def config_for(size=SIZE, **selfplay):
    config = schema.Config()
    config.game.size = size
    for name, value in selfplay.items():
        setattr(config.selfplay, name, value)
    return config


def owners(stones):
    owner = np.zeros(POINTS, np.int8)
    life.settled_owner(GEOMETRY, np.append(stones, np.int8(rules.WALL)), life.make_scratch(POINTS), owner)
    return owner


def is_found(position, plies, **selfplay):
    adjudicator = adjudicate.Adjudicator(config_for(position.size, **selfplay))
    return bool(adjudicator.settled(position.record, np.array([0]), np.array([plies]))[0])


def sign_of(color):
    return 1 if color == rules.BLACK else -1


def random_settled_game(seed):
    """A game up to its adjudication; its players do not play on settled points."""
    rng = np.random.default_rng(seed)
    position = play.Game(SIZE, KOMI, capacity=positions.CAPACITY)
    for ply in range(positions.CAPACITY - POINTS):
        if is_found(position, ply):
            return position
        legal = position.legal()[:-1] & (owners(position.stones) == 0)
        position.play(int(rng.choice(np.flatnonzero(legal))) if legal.any() else POINTS)
        position.resume()
    return None


def capture(position, owner):
    """The next move of the player towards capturing dead stones in its points; a pass if there are none.

    The player first fills points beside its pass-alive stones, then the points within (`life.settled_owner`).
    """
    color, stones = position.to_play, position.stones
    is_mine = owner == sign_of(color)
    alive = np.zeros(POINTS, np.bool_)
    walled = np.append(stones, np.int8(rules.WALL))
    life.pass_alive(GEOMETRY, walled, life.make_scratch(POINTS), color, True, alive)
    legal = position.legal()[:-1]
    within = []
    for part in parts(is_mine & ~alive):
        if (stones[part] == 3 - color).any():
            for point in part:
                if legal[point]:
                    if any(alive[n] for n in GEOMETRY.neighbors[point] if n < POINTS):
                        return point
                    within.append(point)
    return within[0] if within else POINTS


def parts(mask):
    """Connected points of the mask, as lists."""
    left, found = set(np.flatnonzero(mask).tolist()), []
    while left:
        part, waiting = [], [left.pop()]
        while waiting:
            part.append(waiting.pop())
            near = {int(n) for n in GEOMETRY.neighbors[part[-1]]} & left
            left -= near
            waiting += near
        found.append(part)
    return found


def play_on(position, owner, seed, passer=None):
    """Both sides invade at random for a while, then capture dead stones; `passer` always passes."""
    rng = np.random.default_rng(seed)
    passes = 0
    for turn in range(400):
        color = position.to_play
        move = POINTS if color == passer else capture(position, owner)
        if turn < NUM_INVASIONS and color != passer and rng.random() < 0.7:
            legal = position.legal()[:-1] & (owner != sign_of(color))
            move = int(rng.choice(np.flatnonzero(legal))) if legal.any() else move
        position.resume()
        position.play(move)
        position.resume()
        passes = passes + 1 if move == POINTS else 0
        if passes >= 2 and turn >= NUM_INVASIONS:
            return
    pytest.fail(f"the game does not end:\n{position}")


@pytest.fixture(scope="module")
def settled_games():
    games = [random_settled_game(seed) for seed in range(60)]
    return [game for game in games if game is not None]


def test_the_result_is_that_of_further_play(settled_games):
    """After any invasion, each point ends with its owner by adjudication."""
    adjudicator = adjudicate.Adjudicator(config_for())
    num_with_dead_stones = 0
    for seed, position in enumerate(settled_games):
        owner = adjudicator.owner(position.record[0])
        assert np.abs(owner).min() == 1
        num_with_dead_stones += not np.array_equal(owner, position.ownership())
        for _ in range(3):
            later = position.copy()
            play_on(later, owner, seed)
            assert np.array_equal(later.ownership(), owner), f"{position}\nbecame\n{later}"
    assert len(settled_games) >= 30
    assert num_with_dead_stones >= 10, "too easy: most boards could be counted without removing stones"


@pytest.mark.parametrize("passer", [rules.BLACK, rules.WHITE])
def test_a_player_who_always_passes_loses_nothing(settled_games, passer):
    for seed, position in enumerate(settled_games):
        owner = owners(position.stones)
        later = position.copy()
        play_on(later, owner, seed, passer)
        still = owners(later.stones)
        assert (still[owner == sign_of(passer)] == sign_of(passer)).all(), f"{position}\nbecame\n{later}"


def set_up(diagram):
    """A position from the rows of a diagram, the top one first; X is Black."""
    rows = diagram.split()[::-1]
    content = {"X": rules.BLACK, "O": rules.WHITE, ".": rules.EMPTY}
    stones = [content[letter] for row in rows for letter in row]
    position = play.Game(len(rows), KOMI, capacity=positions.CAPACITY)
    black = [point for point, color in enumerate(stones) if color == rules.BLACK]
    white = [point for point, color in enumerate(stones) if color == rules.WHITE]
    position.set_up(black, white, rules.BLACK)
    return position


OPEN = {
    "an empty board": "..... ..... ..... ..... .....",
    "a wall with two eyes and a wall with one": "X.X.X XXXXX OOOOO OOOOO O...O",
    "a seki": "XX.OO XXOOO XXOOO XXXOO XX.OO",
    "room for two eyes": ".X.X. XXXXX ..... ..... .....",
}
SETTLED = {
    "two eyes each": ".X.X. XXXXX OOOOO O.O.O OOOOO",
    "a dead stone in an eye": ".X.X. XXXXX OOOOO OXO.O O.OOO",
}


@pytest.mark.parametrize("name", OPEN)
def test_open_boards_are_played_on(name):
    position = set_up(OPEN[name])
    assert not is_found(position, 100)
    with pytest.raises(AssertionError, match="neither over nor settled"):
        adjudicate.Adjudicator(config_for()).owner(position.record[0])


@pytest.mark.parametrize("name", SETTLED)
def test_settled_boards_are_found(name):
    position = set_up(SETTLED[name])
    assert is_found(position, 100)
    assert adjudicate.Adjudicator(config_for()).owner(position.record[0]).tolist() == 15 * [-1] + 10 * [1]


def test_plies_of_the_checks():
    position = set_up(SETTLED["two eyes each"])
    assert [ply for ply in range(15) if is_found(position, ply)] == [10, 12, 14]
    assert not is_found(position, 100, adjudicate=False)
    position.play(POINTS)
    position.play(POINTS)
    assert not is_found(position, 100)  # the game is over: the players have passed


def test_a_finished_game_is_counted_with_all_its_stones():
    position = set_up(SETTLED["a dead stone in an eye"])
    position.play(POINTS)
    position.play(POINTS)
    owner = adjudicate.Adjudicator(config_for()).owner(position.record[0])
    expected = np.zeros(POINTS, np.int8)
    stones = position.record["stones"][0]
    scratch = positions.make_table(SIZE).scratch
    scoring.ownership(GEOMETRY, stones, scratch, expected)
    assert np.array_equal(owner, expected)
    assert owner.sum() != -5
