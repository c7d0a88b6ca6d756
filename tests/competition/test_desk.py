"""Networks in our process: many threads get the moves that each game alone would get."""

import threading
from concurrent import futures

import numpy as np
import pytest

from alphazero.competition import desk
from alphazero.config import search as search_config
from alphazero.evaluation import players
from alphazero.go import play, rules
from alphazero.search import evaluator

SIZE = 5
CONFIG = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=12)


def make_desk(network=None, num_seats=8):
    return desk.Desk(network or evaluator.HashedEvaluator(SIZE), CONFIG, num_seats, np.random.default_rng(0))


def play_alone(opening, num_moves):
    """The game of a player that sees no other."""
    game = play.Game(SIZE, 3.0)
    player = players.Player("", evaluator.HashedEvaluator(SIZE), CONFIG, np.random.default_rng(0))
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


def play_at(table, opening, num_moves):
    seat, game = table.take_seat(), play.Game(SIZE, 3.0)
    for action in opening:
        game.play(action)
    for _ in range(num_moves):
        game.play(seat.choose(game))
        if game.is_over:
            break
    seat.leave()
    return game.moves


def test_many_games_at_once_go_as_each_would_alone():
    table = make_desk()
    with futures.ThreadPoolExecutor(8) as pool:
        played = list(pool.map(lambda first: play_at(table, [first], 30), range(16)))
    table.close()
    assert played == [play_alone([first], 30) for first in range(16)]
    assert len({tuple(moves) for moves in played}) == 16


def test_waiting_positions_share_a_search(monkeypatch):
    """Four games ask while the desk is busy with a fifth: its next search has them all."""
    busy, release = threading.Event(), threading.Event()
    choose = players.Player.choose

    def watched(self, indices):
        sizes.append(len(indices))
        busy.set()
        assert release.wait(10)
        return choose(self, indices)

    monkeypatch.setattr(players.Player, "choose", watched)
    sizes = []
    table = make_desk()
    with futures.ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(play_at, table, [0], 1)]
        assert busy.wait(10)
        asked += [pool.submit(play_at, table, [first], 1) for first in range(1, 5)]
        while len(table._waiting) < 4:
            pass
        release.set()
        assert len({future.result()[0] for future in asked}) == 5
    table.close()
    assert sizes == [1, 4]


def test_a_seat_is_used_again_by_another_game():
    table = make_desk(num_seats=1)
    assert [play_at(table, [first], 6) for first in (3, 3, 7)] == [play_alone([f], 6) for f in (3, 3, 7)]
    table.close()


def test_handicaps_and_games_that_grow_are_followed():
    table = make_desk()
    seat, game = table.take_seat(), play.Game(SIZE, 0.5, capacity=30)
    game.set_up([6, 18], [], rules.WHITE)
    for _ in range(10):
        game.play(seat.choose(game))
    assert game.record.dtype != play.Game(SIZE, 0.5, capacity=30).record.dtype
    assert game.moves[0][0] == rules.WHITE
    table.close()


def test_a_failure_reaches_every_game_that_waits():
    class Broken(evaluator.HashedEvaluator):
        def evaluate(self, planes):
            raise MemoryError("no room for it")

    table = make_desk(Broken(SIZE))
    with futures.ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(play_at, table, [first], 1) for first in range(3)]:
            with pytest.raises(MemoryError, match="no room"):
                future.result(timeout=10)
    table.close()
    with pytest.raises(RuntimeError, match="stopped playing"):
        play_at(table, [0], 1)
