"""Competitions as they are asked for: networks of ours, GNU Go and Leela Zero, killed in the middle."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from alphazero import match
from alphazero.competition.results import record
from alphazero.net import leela
from tests import test_match
from tests.competition import playing
from tests.evaluation import networks

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[1]
GNU_GO, LEELA_ZERO = Path("/usr/games/gnugo"), Path("/usr/games/leelaz")


@pytest.fixture
def mark():
    """NAME=VALUE in the environment of all engines; none of them is left when a test ends."""
    token = f"TEST_MARK={uuid.uuid4().hex}"
    yield token
    playing.wait_until(lambda: not playing.processes(token))


def write_network(path, size, seed=0):
    path.write_text(leela.to_text(networks.make_weights(size=size, seed=seed)).decode())
    return path


def games_of(folder):
    return [record.parse(line) for line in (folder / "games.jsonl").read_text().splitlines()]


def play_with_a_kill(control, kill_at, *options):
    """Kills the runner when so many games have been counted; the same command goes on to the end."""
    folder = control.with_name(f"{control.stem}-match")
    runner = test_match.start(PROJECT, control, *options)
    with runner:
        playing.wait_until(lambda: test_match.num_lines(folder) >= kill_at or runner.poll() is not None, 120)
        assert runner.poll() is None, runner.communicate()
        runner.kill()
    data = (folder / "games.jsonl").read_bytes()
    counted = data[: data.rfind(b"\n") + 1]
    runner = test_match.start(PROJECT, control, *options)
    output, errors = runner.communicate(timeout=280)
    assert (runner.returncode, errors) == (0, ""), output
    assert (folder / "games.jsonl").read_bytes().startswith(counted)
    games = games_of(folder)
    assert len({game.game_id for game in games}) == len(games)
    assert {f"{game.game_id}.sgf" for game in games} == {path.name for path in (folder / "games").iterdir()}
    test_match.check_report(folder)
    return games, counted.count(b"\n")


def test_a_playoff_of_100_games_between_two_networks(tmp_path):
    old = write_network(tmp_path / "old.txt", 5, seed=1)
    new = write_network(tmp_path / "new.txt", 5, seed=2)
    control = tmp_path / "trial.ctl"
    control.write_text(
        f"""competition_type = 'playoff'
players = {{
    'old': Player(weights={str(old)!r}, visits=24),
    'new': Player(weights={new.name!r}, visits=24),
    }}
board_size = 5
komi = 2.5
matchups = [Matchup('old', 'new', alternating=True, number_of_games=100, openings='old', opening_plies=4)]
"""
    )
    games, num_before = play_with_a_kill(control, 20, "--jobs", 8)
    assert len(games) == 100 and 20 <= num_before < 100
    assert {game.black for game in games} == {"old", "new"}
    (matchup,) = json.loads((tmp_path / "trial-match" / "report.json").read_text())["matchups"]
    assert matchup["games"] == 100 and matchup["distinct_games"] > 50


@pytest.mark.skipif(not GNU_GO.exists(), reason=f"{GNU_GO} is not there: Debian's gnugo")
def test_an_all_play_all_of_a_network_the_uniform_player_and_gnu_go(mark, tmp_path):
    network = write_network(tmp_path / "net.txt", 7)
    name, _, value = mark.partition("=")
    command = f"{GNU_GO} --mode gtp --chinese-rules --capture-all-dead --never-resign --level"
    control = tmp_path / "trial.yaml"
    control.write_text(
        f"""competition_type: allplayall
players:
  ours: {{weights: {network.name}, visits: 16}}
  uniform: {{weights: none, visits: 16}}
  gnugo-1: {{command: {command} 1, environ: {{{name}: "{value}"}}}}
  gnugo-5: {{command: {command} 5, environ: {{{name}: "{value}"}}}}
competitors: [ours, uniform, gnugo-1, gnugo-5]
board_size: 7
komi: 8.5
rounds: 3
move_limit: 200
scorer: internal
"""
    )
    games, num_before = play_with_a_kill(control, 6, "--jobs", 2)
    assert playing.processes(mark) == []
    assert len(games) == 18 and 6 <= num_before < 18
    assert {game.matchup_id for game in games} == {"AvB", "AvC", "AvD", "BvC", "BvD", "CvD"}
    assert all(game.end is not record.End.forfeit for game in games), [game.detail for game in games]


@pytest.mark.skipif(not LEELA_ZERO.exists(), reason=f"{LEELA_ZERO} is not there: Debian's leela-zero")
def test_the_founding_article_s_competition(tmp_path, capsys):
    """All-play-all, two Leela Zeros with start-up commands, 19x19, komi 6.5, 5 rounds."""
    first = write_network(tmp_path / "first.txt", 19, seed=1)
    second = write_network(tmp_path / "second.txt", 19, seed=2)
    control = tmp_path / "leela.ctl"
    control.write_text(
        f"""competition_type = 'allplayall'
engine = "{LEELA_ZERO} --gtp --cpu-only --threads 1 --playouts 1 --noponder --resignpct 0 --weights "
home = {{'HOME': {str(tmp_path)!r}}}
players = {{
    'first': Player(engine + {str(first)!r}, startup_gtp_commands=["time_settings 0 1 0"], environ=home),
    'second': Player(engine + {str(second)!r}, startup_gtp_commands=[["time_settings", "0", "1", "0"]],
                     environ=home),
    }}
board_size = 19
komi = 6.5
competitors = ['first', 'second']
rounds = 5
scorer = 'players'
"""
    )
    assert match.main([str(control), "--jobs", str(os.cpu_count())]) == 0
    games = games_of(tmp_path / "leela-match")
    assert len(games) == 5
    # Two untrained networks may fill and capture until the move limit.
    assert {game.end for game in games} <= {record.End.passes, record.End.limit}, games
    assert all(game.is_known == (game.end is record.End.passes) for game in games)
    test_match.check_report(tmp_path / "leela-match")
    output = capsys.readouterr().out
    assert "A first" in output and "Leela Zero" in output
    assert "time_settings 0 1 0" in (tmp_path / "leela-match" / "logs" / "AvB_0.gtp").read_text()


@pytest.mark.parametrize("family", [[], ["net=kata-b4c32"]], ids=["leela", "katago"])
def test_the_ladder_of_a_run(family, tmp_path):
    """A run in one process promotes; then its ladder is played by the command, and is there the next time."""
    words = [
        "conf=smoke",
        *family,
        "cluster=local",
        "stop.promotions=2",
        "gate.threshold=0",
        "gate.num_games=4",
    ]
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "alphazero.run", *words, "stop.minutes=null", f"run.dir={folder}"]
    small = ["net.blocks=1", "net.filters=8", "search.num_simulations=4", "selfplay.num_games=16",
             "training.min_positions=200", "training.publish_steps=20", "gate.num_simulations=4",
             "gate.every_steps=20"]  # fmt: skip
    subprocess.run([*command, *small], cwd=PROJECT, check=True, capture_output=True, timeout=200)
    command = [sys.executable, "-m", "alphazero.match", "ladder", str(folder)]
    played = subprocess.run(
        [*command, "--games", "24"], cwd=PROJECT, check=True, capture_output=True, text=True, timeout=200
    )
    assert "24/24 games" in played.stdout
    table = played.stdout[played.stdout.index("player") :]
    assert "uniform" in table and "00001" in table and "00002" in table
    assert (folder / "ladder" / "ratings.json").exists()
    again = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60)
    assert again.stdout == table
    assert match.main(["ladder", str(tmp_path)]) == 2
