"""Stock KataGo with the promoted file of a run: it answers as our engine does, and they play a game."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from alphazero import match
from alphazero.competition.results import record
from alphazero.engine_client import gtp_client
from alphazero.evaluation import weight_files
from alphazero.go import play, rules
from tests import test_match, test_mixed_sizes
from tests.net.katago import stock

pytestmark = [pytest.mark.slow, stock.needed]
SIZE, NUM_POSITIONS = 9, 100
RULES = {"ko": "POSITIONAL", "scoring": "AREA", "tax": "NONE", "suicide": False, "hasButton": False}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run on 5x5 that has promoted a network."""
    folder = tmp_path_factory.mktemp("katago") / "run"
    test_mixed_sizes.run(folder, "stop.steps=40")
    return folder


def our_command(run: Path, visits: int) -> list[str]:
    words = ["--weights", str(run), "--visits", str(visits), "--size", str(SIZE), "--device", "cpu"]
    return [sys.executable, "-m", "alphazero.gtp", *words]


def test_both_engines_see_the_same_in_100_positions(run: Path):
    """Both get the same commands. They must agree on legal moves, too, which are not nan."""
    rng, values = np.random.default_rng(1), []
    with (
        stock.start(weight_files.find(run), defaultBoardSize=SIZE) as katago,
        gtp_client.GtpClient(our_command(run, 1), time_limit_s=stock.START_LIMIT_S) as ours,
    ):
        for number in range(NUM_POSITIONS):
            if number % 25 == 0:
                game = play.Game(SIZE, 5.5 + number / 25)
                _send(katago, ours, "clear_board", f"komi {game.komi}", f"kata-set-rules {json.dumps(RULES)}")
            values.append(_check(katago, ours))
            _send(katago, ours, *_random_moves(game, 4, rng))
    assert np.std(values) > 0.02, "the network answers alike everywhere, so that the comparison says nothing"


def test_they_play_a_game(run: Path, tmp_path: Path):
    control = tmp_path / "peers.yaml"
    players = {
        "ours": {"command": our_command(run, 8)},
        "katago": {"command": stock.command(weight_files.find(run), maxVisits=8, defaultBoardSize=SIZE)},
    }
    competition = {
        "competition_type": "playoff",
        "players": players,
        "board_size": SIZE,
        "komi": 7,
        "move_limit": 400,
        "scorer": "internal",
        "matchups": [{"player_1": "ours", "player_2": "katago", "number_of_games": 1}],
    }
    control.write_text(json.dumps(competition))
    assert match.main([str(control)]) == 0
    folder = tmp_path / "peers-match"
    (game,) = [record.parse(line) for line in (folder / "games.jsonl").read_text().splitlines()]
    assert game.end in (record.End.passes, record.End.resign), game
    assert game.num_moves > SIZE
    test_match.check_report(folder)


def _check(katago: gtp_client.GtpClient, ours: gtp_client.GtpClient) -> float:
    """Compares the raw answers in the present position; returns White's chance.

    KataGo's policy is one of legal moves. That of our engine is over all moves, without the illegal ones.
    """
    theirs, own = stock.raw_answers(katago), stock.parse(ours.send("kata-raw-nn 0"))
    share = np.nansum(own["policy"]) + own["policyPass"]
    own["policy"], own["policyPass"] = own["policy"] / share, own["policyPass"] / share
    for name in ("whiteWin", "policy", "policyPass"):
        np.testing.assert_allclose(own[name], theirs[name], atol=1e-4, err_msg=name)
    return float(own["whiteWin"])


def _send(katago: gtp_client.GtpClient, ours: gtp_client.GtpClient, *commands: str) -> None:
    for command in commands:
        katago.send(command)
        ours.send(command)


def _random_moves(game: play.Game, count: int, rng: np.random.Generator) -> list[str]:
    """Plays random moves at legal points, and returns them as commands."""
    commands = []
    for _ in range(count):
        action = int(rng.choice(np.flatnonzero(game.legal()[:-1])))
        commands.append(f"play {'bw'[game.to_play - rules.BLACK]} {rules.format_move(action, SIZE)}")
        game.play(action)
    return commands
