"""Matches against engines in other processes. The engines are fakes that log the moves they receive."""

import sys

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.engine_client import gtp_client
from alphazero.evaluation import gtp_player, match, players
from alphazero.go import rules

SIZE = 5
RULES = game_config.GameConfig(size=SIZE, komi=7, move_limit=60)
OPENINGS = [(12, 6), (7, 18)]

ENGINE = """
import os, sys
moves, setup = [], []
for line in iter(sys.stdin.readline, ""):
    number, name, *arguments = line.split() if line.strip() != "quit" else sys.exit()
    answer = ""
    if name == "clear_board":
        moves = []
    elif name == "play":
        moves.append(arguments[1])
    elif name == "genmove":
        with open(LOG, "a") as log:
            print(setup, arguments[0], *moves, sep=" ", file=log)
        BEFORE
        answer = ANSWER
        moves.append(answer)
    else:
        setup.append(line.split(" ", 1)[1].strip())
    print(f"={number} {answer}", end=chr(10) * 2, flush=True)
"""


def make_opponent(tmp_path, *, answer="'pass'", before="", num_processes=1):
    program = ENGINE.replace("LOG", repr(str(tmp_path / "log")))
    program = program.replace("BEFORE", before or "pass").replace("ANSWER", answer)
    command = [sys.executable, "-I", "-S", "-c", program]
    return gtp_player.GtpPlayer("fake", command, RULES, OPENINGS, num_processes=num_processes)


def play_against(opponent):
    search = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=4)
    rng = np.random.default_rng(0)
    ours = players.SearchPlayer("ours", evaluators.HashedEvaluator(SIZE), search, rng)
    result = match.play_match(ours, opponent, RULES, OPENINGS)
    assert result is not None
    return result


@pytest.mark.parametrize("num_processes", [1, 3])
def test_an_engine_receives_every_game_as_it_was_played(tmp_path, num_processes):
    with make_opponent(tmp_path, num_processes=num_processes) as opponent:
        result = play_against(opponent)
        clients = [engine._client for engine in opponent._engines]
    logged = (tmp_path / "log").read_text().splitlines()
    expected = []
    for game in result.games:
        names = [rules.format_move(action, SIZE) for action in game.moves]
        for ply in range(2, len(names)):
            if (ply % 2 == 0) != game.a_is_black:
                assert names[ply] == "pass"
                color = "b" if ply % 2 == 0 else "w"
                expected.append(" ".join(["['boardsize 5', 'komi 7']", color, *names[:ply]]))
    assert [game.moves[:2] for game in result.games] == [OPENINGS[0]] * 2 + [OPENINGS[1]] * 2
    assert sorted(logged) == sorted(expected)
    assert len(expected) >= 10
    assert all(client is not None and client.cpu_s is not None for client in clients), "no process is left"


def test_a_game_that_continues_is_not_sent_again(tmp_path, monkeypatch):
    player = make_opponent(tmp_path, answer="'A1' if not moves else 'pass'")
    sent = []
    engine = player._engines[0]
    with player:
        engine.start([])
        assert engine.finish() == 0
        assert engine._client is not None
        send = engine._client.send
        monkeypatch.setattr(engine._client, "send", lambda command: sent.append(command) or send(command))
        engine.start([0, 12])
        assert engine.finish() == SIZE * SIZE
        assert sent == ["play w C3"]
        engine.start([0, 13])
        engine.finish()
        assert sent[1:] == ["clear_board", "play b A1", "play w D3"]


def test_an_engine_that_dies_once_is_replaced(tmp_path):
    marker = tmp_path / "died"
    before = (
        f"if len(moves) > 6 and not os.path.exists({str(marker)!r}): open({str(marker)!r}, 'w'); sys.exit(1)"
    )
    with make_opponent(tmp_path, before=before) as opponent:
        assert play_against(opponent).num_games == 4
    assert marker.exists()


BAD_ENGINES = [
    ({"before": "sys.exit(7)"}, "exit code 7"),
    ({"answer": "'resign'"}, "answered 'resign' to genmove"),
    ({"answer": "'Z9'"}, "answered 'Z9' to genmove"),
    ({"answer": "'C3'"}, "fake chose the illegal move C3"),
]


@pytest.mark.parametrize(("engine", "reason"), BAD_ENGINES)
def test_a_bad_engine_ends_the_match_with_its_name(tmp_path, engine, reason):
    with make_opponent(tmp_path, **engine) as opponent:
        with pytest.raises(gtp_client.EngineLost, match=reason):
            play_against(opponent)
        clients = [each._client for each in opponent._engines]
    assert all(client is None or client.cpu_s is not None for client in clients)
