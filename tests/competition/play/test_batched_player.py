"""Tests of networks that play many games: each game gets the moves that it would get alone."""

import threading
from concurrent import futures

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.competition.play import batched_player
from alphazero.config import search as search_config
from alphazero.evaluation import players
from alphazero.go import play, rules

SIZE = 5
CONFIG = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=12)


def make_player(network=None, num_games=8):
    return batched_player.BatchedPlayer(
        network or evaluators.HashedEvaluator(SIZE), CONFIG, num_games, np.random.default_rng(0)
    )


def play_alone(opening, num_moves):
    """The game of a player without any other game."""
    game = play.Game(SIZE, 3.0)
    player = players.SearchPlayer("", evaluators.HashedEvaluator(SIZE), CONFIG, np.random.default_rng(0))
    for action in opening:
        game.play(action)
    games = game.record.copy()
    player.join(games)
    for _ in range(num_moves):
        games[0] = game.record[0]
        action = int(player.choose(np.zeros(1, np.int64))[0])
        game.play(action)
        player.advance(np.zeros(1, np.int64), np.array([action]))
        if game.is_over:
            break
    return game.moves


def play_at(player, opening, num_moves):
    slot, game = player.acquire_slot(), play.Game(SIZE, 3.0)
    for action in opening:
        game.play(action)
    for _ in range(num_moves):
        game.play(slot.choose(game))
        if game.is_over:
            break
    slot.release()
    return game.moves


def test_many_games_at_once_go_as_each_would_alone():
    player = make_player()
    with futures.ThreadPoolExecutor(8) as pool:
        played = list(pool.map(lambda first: play_at(player, [first], 30), range(16)))
    player.close()
    assert played == [play_alone([first], 30) for first in range(16)]
    assert len({tuple(moves) for moves in played}) == 16


def test_waiting_positions_share_a_search(monkeypatch):
    """Four games submit positions during the search of a fifth; the next search contains all four."""
    busy, release = threading.Event(), threading.Event()
    choose = players.SearchPlayer.choose

    def watched(self, indices):
        sizes.append(len(indices))
        busy.set()
        assert release.wait(10)
        return choose(self, indices)

    monkeypatch.setattr(players.SearchPlayer, "choose", watched)
    sizes = []
    player = make_player()
    with futures.ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(play_at, player, [0], 1)]
        assert busy.wait(10)
        asked += [pool.submit(play_at, player, [first], 1) for first in range(1, 5)]
        while len(player._waiting) < 4:
            pass
        release.set()
        assert len({future.result()[0] for future in asked}) == 5
    player.close()
    assert sizes == [1, 4]


def test_a_slot_is_reused_by_another_game():
    player = make_player(num_games=1)
    assert [play_at(player, [first], 6) for first in (3, 3, 7)] == [play_alone([f], 6) for f in (3, 3, 7)]
    player.close()


def test_handicaps_and_games_that_grow_are_followed():
    player = make_player()
    slot, game = player.acquire_slot(), play.Game(SIZE, 0.5, capacity=30)
    game.set_up([6, 18], [], rules.WHITE)
    for _ in range(10):
        game.play(slot.choose(game))
    assert game.record.dtype != play.Game(SIZE, 0.5, capacity=30).record.dtype
    assert game.moves[0][0] == rules.WHITE
    player.close()


def test_a_failure_reaches_every_game_that_waits():
    class Broken(evaluators.HashedEvaluator):
        def evaluate(self, inputs):
            raise MemoryError("not enough memory")

    player = make_player(Broken(SIZE))
    with futures.ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(play_at, player, [first], 1) for first in range(3)]:
            with pytest.raises(MemoryError, match="not enough memory"):
                future.result(timeout=10)
    player.close()
    with pytest.raises(RuntimeError, match="the network was closed"):
        play_at(player, [0], 1)
