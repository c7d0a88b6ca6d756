"""Matches: colours, order, scores and openings with scripted players, and whole games with fake networks."""

import dataclasses
import itertools

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players
from alphazero.evaluation import result as results

SIZE, PASS = 5, 25
RULES = game_config.GameConfig(size=SIZE, komi=3, move_limit=60)
OPENINGS = [(12,), (12, 7), (0, 24, 4)]


class Scripted(players.SearchPlayer):
    """Player that plays its list of points in each game, then passes. It records the calls of `choose`."""

    def __init__(self, name: str, *script: int) -> None:
        self.name = name
        self._script = script
        self.calls: list[list[int]] = []

    def join(self, games: np.ndarray) -> None:
        self._games, self._turns = games, np.zeros(len(games), np.int64)

    def reset(self, index: int) -> None:
        self._turns[index] = 0

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        assert len(indices) == len(actions)

    def choose(self, indices: np.ndarray) -> np.ndarray:
        self.calls.append(indices.tolist())
        turns = self._turns[indices]
        self._turns[indices] += 1
        return np.array([self._script[turn] if turn < len(self._script) else PASS for turn in turns])


def network(name: str, seed: int, simulations: int = 8) -> players.SearchPlayer:
    config = search_config.SearchConfig(num_simulations=simulations, num_considered=4)
    return players.SearchPlayer(
        name, evaluators.HashedEvaluator(SIZE, seed), config, np.random.default_rng(0)
    )


def play(
    a: players.SearchPlayer, b: players.SearchPlayer, first_moves=OPENINGS, **options
) -> results.MatchResult:
    result = match.play_match(a, b, RULES, first_moves, **options)
    assert result is not None
    return result


def test_each_opening_is_played_with_both_colours():
    result = play(Scripted("a"), Scripted("b"))
    assert [played.number for played in result.games] == [1, 2, 3, 4, 5, 6]
    assert [played.a_is_black for played in result.games] == [True, False] * 3
    assert [played.moves for played in result.games] == [
        (*OPENINGS[index // 2], PASS, PASS) for index in range(6)
    ]


def test_games_are_listed_as_they_began():
    """One pass ends games 3 and 4, as their opening ends with a pass."""
    ended: list[int] = []
    first_moves = [(12,), (12, PASS)]
    result = play(
        Scripted("a"), Scripted("b"), first_moves, on_game=lambda played: ended.append(played.number)
    )
    assert ended == [3, 4, 1, 2]
    assert [played.number for played in result.games] == [1, 2, 3, 4]


def test_games_are_scored_by_area_with_komi():
    """With stones of both colours on the board, lone stones own no other points."""
    result = play(Scripted("a"), Scripted("b"))
    assert [played.score for played in result.games] == [22, 22, -3, -3, -2, -2]
    assert [played.points for played in result.games] == [1, 0, 0, 1, 0, 1]
    assert (result.wins, result.draws, result.losses, result.score) == (3, 0, 3, 0.5)
    assert result.pair_scores == [1, 1, 1]


def test_the_players_move_in_their_own_games_only():
    """After an opening of one move White is to move: b in game 1, a in game 2."""
    a, b = Scripted("a", 12), Scripted("b", 6)
    result = play(a, b, [(0,)])
    assert [played.moves for played in result.games] == [(0, 6, 12, PASS, PASS), (0, 12, 6, PASS, PASS)]
    assert a.calls == [[1], [0], [1], [0]]
    assert b.calls == [[0], [1], [0], [1]]


def test_draws_are_half():
    """Black has A1; White has E5, E4 and E3. White's lead of two points equals the komi of -2."""
    rules = dataclasses.replace(RULES, komi=-2)
    result = match.play_match(Scripted("a"), Scripted("b"), rules, [(0, 24, PASS, 19, PASS, 14)])
    assert result is not None
    assert [played.score for played in result.games] == [0, 0]
    assert (result.wins, result.draws, result.losses, result.score) == (0, 2, 0, 0.5)
    assert result.pair_scores == [1]
    assert result.games[0].result_text == "0"


def test_the_move_limit_ends_a_game():
    uniform, rng = evaluators.UniformEvaluator(SIZE), np.random.default_rng(0)
    long = openings.draw(uniform, RULES, count=1, plies=59, rng=rng)[0]
    result = play(Scripted("a"), Scripted("b"), [long, OPENINGS[0]])
    assert [played.moves for played in result.games[:2]] == [(*long, PASS)] * 2
    assert [played.hit_limit for played in result.games] == [True, True, False, False]


@pytest.mark.parametrize("num_slots", [1, 2, 3, 5])
def test_few_slots_change_nothing(monkeypatch: pytest.MonkeyPatch, num_slots: int):
    """Games do not influence one another, and later games start in the slots of finished ones."""
    expected = play(network("a", 1), network("b", 2))
    monkeypatch.setattr(match, "_MOST_PARALLEL", num_slots)
    ended: list[int] = []
    result = play(network("a", 1), network("b", 2), on_game=lambda played: ended.append(played.number))
    assert [played.moves for played in result.games] == [played.moves for played in expected.games]
    assert sorted(ended) == [1, 2, 3, 4, 5, 6]


def test_equal_players_share_each_pair():
    result = play(network("a", 1), network("b", 1))
    assert result.pair_scores == [1, 1, 1]
    assert result.num_distinct <= 3
    for first, second in zip(result.games[::2], result.games[1::2], strict=True):
        assert first.moves == second.moves


def test_a_match_can_be_stopped():
    answers = iter([False, False, True])
    assert (
        match.play_match(network("a", 1), network("b", 2), RULES, OPENINGS, should_stop=lambda: next(answers))
        is None
    )
    assert next(answers, None) is None


@pytest.mark.slow
def test_more_search_wins():
    """With random evaluations and true results of finished games, 64 simulations beat 2."""
    rng = np.random.default_rng(0)
    first_moves = openings.draw(evaluators.UniformEvaluator(SIZE), RULES, count=30, plies=4, rng=rng)
    result = play(network("deep", 1, 64), network("shallow", 1, 2), first_moves)
    assert result.score > 0.6


def test_a_match_ends_with_the_pair_that_decides_it():
    calls = []

    def after_two(pair_scores):
        calls.append(list(pair_scores))
        return 2 if len(pair_scores) >= 2 else None

    result = match.play_match(network("a", 1), network("b", 2), RULES, OPENINGS, decided=after_two)
    whole = play(network("a", 1), network("b", 2), OPENINGS)
    assert result is not None
    assert [played.number for played in result.games] == [1, 2, 3, 4]
    assert all(longer[: len(shorter)] == shorter for shorter, longer in itertools.pairwise(calls))
    assert len(whole.games) == 2 * len(OPENINGS) > 4


def test_games_that_end_early_wait_for_those_that_began_before_them():
    ended: list[int] = []

    def decided(pair_scores):
        assert set(range(1, 2 * len(pair_scores) + 1)) <= set(ended)
        assert len(pair_scores) > len(received)
        received[:] = pair_scores

    received: list[float] = []
    rng = np.random.default_rng(1)
    first_moves = openings.draw(evaluators.UniformEvaluator(SIZE), RULES, count=12, plies=2, rng=rng)
    a, b = network("a", 1, 2), network("b", 2, 2)
    result = play(a, b, first_moves, on_game=lambda played: ended.append(played.number), decided=decided)
    assert ended != sorted(ended)
    assert received == result.pair_scores
