"""Tests of `alphazero match`: arguments, kills during a run, and consistent reports."""

import collections
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from sgfmill import sgf

from alphazero import match
from alphazero.competition.results import record
from tests.competition import playing

GNU_GO = Path("/usr/games/gnugo")
PLAYOFF = """competition_type = 'playoff'
description = 'a trial'
players = {{
    'p': Player({command!r}, environ={{{name!r}: {value!r}}}),
    'q': Player({command!r}, environ={{{name!r}: {value!r}}}),
    }}
board_size = 5
komi = 2.5
matchups = [
    Matchup('p', 'q', alternating=True, number_of_games={games}),
    Matchup('q', 'p', id='x', name='the other way', number_of_games={games}),
    ]
"""
LOOPS = """# -*- coding: utf-8 -*-
'''What a trial is.'''
competition_type = 'playoff'
def engine(seed, **more):
    '''Makes a player.'''
    return Player({command!r}, environ=dict({{{name!r}: {value!r}}}, SEED=str(seed)), **more)
players = {{}}
for seed in range(3):
    players['p{{}}'.format(seed)] = engine(seed, sgf_player_name_from_gtp=False)
board_size = 5
komi = 2.5
codes = sorted(players.keys())
matchups = [
    Matchup(a, b, id=f'{{a}}-{{b}}', alternating=True, number_of_games={games})
    for i, a in enumerate(codes) for b in codes[i + 1:]
]
"""
ALL_PLAY_ALL = """competition_type = 'allplayall'
steady = Player({command!r}, environ={{{name!r}: {value!r}}})
players = {{'p': steady, 'q': steady, 'r': steady, 's': steady}}
board_size = 5
komi = 2.5
competitors = ['p', 'q', 'r', 's']
rounds = {games}
"""
ALL_PLAY_ALL_YAML = """competition_type: allplayall
players:
  p: &steady {{command: {command_json}, environ: {{{name}: "{value}"}}}}
  q: *steady
  r: *steady
  s: *steady
board_size: 5
komi: 2.5
competitors: [p, q, r, s]
rounds: {games}
"""


@pytest.fixture
def mark():
    """NAME=VALUE in the environment of all engines; checks that none of them remains after a test."""
    token = f"TEST_MARK={uuid.uuid4().hex}"
    yield token
    playing.wait_until(lambda: not playing.processes(token))


def write_control(path, template, mark, *, games, pause=0.0):
    command = list(playing.command("steady", pause))
    name, _, value = mark.partition("=")
    command_json = json.dumps(command)
    path.write_text(
        template.format(command=command, command_json=command_json, name=name, value=value, games=games)
    )
    return path


def start(project, *arguments):
    """Starts the command in a separate process."""
    return subprocess.Popen(
        [sys.executable, "-m", "alphazero.match", *map(str, arguments)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def num_lines(folder):
    path = folder / "games.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def recount(folder):
    """Games, wins, jigos and unknown results of each matchup and player, from the SGF files by sgfmill."""
    counts = collections.defaultdict(collections.Counter)
    for path in (folder / "games").iterdir():
        root = sgf.Sgf_game.from_bytes(path.read_bytes()).get_root()
        matchup_id, _, _ = root.get("GN").split()[-1].rpartition("_")
        lines = root.get("C").split("\n")
        codes = {
            color: next(line for line in lines if line.startswith(f"{color} ")).split()[1].rstrip(":")
            for color in ("Black", "White")
        }
        result, total = root.get("RE"), counts[matchup_id]
        total["games"] += 1
        total["jigos"] += result == "0"
        total["unknown"] += result in ("?", "Void")
        for color, code in codes.items():
            points = 0.5 if result == "0" else float(result.startswith(f"{color[0]}+"))
            total[code, color.lower()] += points
    return counts


def check_report(folder):
    """Checks report.json against the SGF files."""
    data = json.loads((folder / "report.json").read_text())
    counts = recount(folder)
    assert {matchup["id"] for matchup in data["matchups"] if matchup["games"]} == set(counts)
    for matchup in data["matchups"]:
        found = counts[matchup["id"]]
        assert matchup["games"] == found["games"]
        assert matchup["jigos"] == found["jigos"]
        assert matchup["unknown_results"] == found["unknown"]
        for code, side in matchup["players"].items():
            for color in ("black", "white"):
                assert side[color]["wins"] == found[code, color]


def check_ledger(folder, num_games):
    """Checks that each game is stored exactly once."""
    games = [record.parse(line) for line in (folder / "games.jsonl").read_text().splitlines()]
    assert len(games) == num_games
    assert len({game.game_id for game in games}) == num_games
    assert len({(game.matchup_id, game.number) for game in games}) == num_games
    assert {f"{game.game_id}.sgf" for game in games} == {path.name for path in (folder / "games").iterdir()}
    assert {game.result for game in games} >= {"0", "?", "B+R", "W+R", "B+3.5"}


def play_with_kills(project, control, mark, num_games, kill_at):
    """Kills the runner at each of these numbers of counted games, and continues with the same command."""
    folder = control.with_name(f"{control.stem}-match")
    before = b""
    for threshold in kill_at:
        runner = start(project, control, "--jobs", 2)
        with runner:
            while num_lines(folder) < threshold:
                assert runner.poll() is None, runner.communicate()
                time.sleep(0.01)
            playing.wait_for_engines(mark)
            runner.kill()
        playing.wait_until(lambda: not playing.processes(mark), 5)
        data = (folder / "games.jsonl").read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        assert whole.startswith(before)
        before = whole
        assert before.count(b"\n") < num_games
    runner = start(project, control, "--jobs", 2)
    output, errors = runner.communicate(timeout=240)
    assert (runner.returncode, errors) == (0, "")
    assert (folder / "games.jsonl").read_bytes().startswith(before)
    assert playing.processes(mark) == []
    check_ledger(folder, num_games)
    check_report(folder)
    assert f"{num_games}/{num_games} game " in output
    assert (folder / "report.txt").read_text() in output
    return folder


@pytest.mark.slow
def test_a_playoff_of_100_games_survives_kills(mark, project, tmp_path, capsys):
    control = write_control(tmp_path / "trial.ctl", PLAYOFF, mark, games=50, pause=0.005)
    folder = play_with_kills(project, control, mark, 100, [10, 40, 75])
    assert match.main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == (folder / "report.txt").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "template"), [("trial.ctl", ALL_PLAY_ALL), ("trial.yaml", ALL_PLAY_ALL_YAML)]
)
def test_an_all_play_all_survives_a_kill(name, template, mark, project, tmp_path):
    control = write_control(tmp_path / name, template, mark, games=8, pause=0.005)
    play_with_kills(project, control, mark, 48, [20])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signals", "num_counted"),
    [
        ([signal.SIGINT], 2),
        ([signal.SIGINT, signal.SIGINT], 0),
        ([signal.SIGTERM], 0),
    ],
)
def test_interrupts(signals, num_counted, mark, project, tmp_path):
    control = write_control(tmp_path / "trial.ctl", PLAYOFF, mark, games=4, pause=0.3)
    folder = tmp_path / "other"
    runner = start(project, control, "--jobs", 2, "--output", folder)
    # Engines of the start-up checks are marked as well; only those of games have logs.
    playing.wait_until(lambda: len(list(folder.glob("logs/*.gtp"))) == 2, 60)
    runner.send_signal(signals[0])
    if signals[0] == signal.SIGINT:
        # Two pending signals of the same kind would merge into one.
        assert runner.stdout is not None
        assert runner.stdout.readline() == "2 in progress; a second interrupt aborts them\n"
    for number in signals[1:]:
        runner.send_signal(number)
    _, errors = runner.communicate(timeout=60)
    assert runner.returncode == 130
    assert errors == "interrupted; run the same command again\n"
    assert playing.processes(mark) == []
    assert num_lines(folder) == num_counted
    assert not (folder / "void.jsonl").exists()


@pytest.mark.slow
def test_hung_engines_do_not_outlive_a_kill(mark, project, tmp_path):
    """Hung engines do not notice the end of their stdin."""
    control = write_control(tmp_path / "trial.ctl", PLAYOFF, mark, games=4)
    hung = control.read_text().replace(
        repr(list(playing.command("steady", 0.0))), repr(list(playing.command("faulty", "hang")))
    )
    control.write_text(hung)
    log = tmp_path / "trial-match" / "logs" / "0_0.gtp"
    with start(project, control) as runner:
        while not log.exists() or "genmove" not in log.read_text():
            assert runner.poll() is None, runner.communicate()
            time.sleep(0.01)
        assert len(playing.processes(mark)) == 2
        runner.kill()
    playing.wait_until(lambda: not playing.processes(mark), 5)


@pytest.mark.slow
def test_a_second_run_is_refused(mark, project, tmp_path):
    control = write_control(tmp_path / "trial.ctl", PLAYOFF, mark, games=2, pause=0.3)
    first = start(project, control)
    playing.wait_until(lambda: (tmp_path / "trial-match" / "report.txt").exists(), 60)
    assert match.main([str(control)]) == 2
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)


def test_games_of_a_run_can_be_limited(mark, tmp_path, capsys):
    control = write_control(tmp_path / "trial.ctl", PLAYOFF, mark, games=2)
    assert match.main([str(control), "--games", "1"]) == 0
    assert num_lines(tmp_path / "trial-match") == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("1/4 game 0_0: ")
    assert captured.err == ""
    assert match.main([str(control), "--quiet"]) == 0
    assert num_lines(tmp_path / "trial-match") == 4
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
    check_report(tmp_path / "trial-match")


MISTAKES = [
    (["none.ctl"], 2, "none.ctl: no such control file"),
    (["bad.ctl"], 2, "bad.ctl: "),
    (["report", "."], 2, ".: not the folder of a competition"),
    (["dead.ctl"], 2, "players.p: no-such-engine: cannot be started"),
    (["void.ctl"], 1, "halted: 2 games in a row of matchup 0 are void; the last: p: no-such-engine"),
]


@pytest.mark.parametrize(("arguments", "code", "reason"), MISTAKES)
def test_mistakes_are_one_line(arguments, code, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = PLAYOFF.format(command=["no-such-engine"], name="A", value="b", games=1)
    Path("dead.ctl").write_text(text)
    Path("void.ctl").write_text(f"{text}skip_player_checks = True\n")
    Path("bad.ctl").write_text("competition_type = 'tea'\n")
    assert match.main([*arguments, "--quiet"] if arguments[0] != "report" else arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(reason)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["x.ctl", "--jobs", "0"], ["report"]])
def test_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        match.main(arguments)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_playoff_of_functions_and_loops(mark, tmp_path, capsys):
    control = write_control(tmp_path / "trial.ctl", LOOPS, mark, games=2)
    assert match.main([str(control), "--jobs", "2"]) == 0
    lines = (tmp_path / "trial-match" / "games.jsonl").read_text().splitlines()
    ids = {record.parse(line).game_id for line in lines}
    assert ids == {f"{pair}_{number}" for pair in ("p0-p1", "p0-p2", "p1-p2") for number in range(2)}
    check_report(tmp_path / "trial-match")
    assert "p0 v p2 (2/2 games)" in capsys.readouterr().out


GNU_GO_PLAYOFF = f"""competition_type = 'playoff'
players = {{
    'g1': Player("{GNU_GO} --mode=gtp --chinese-rules --capture-all-dead --level=1"),
    'g2': Player("{GNU_GO} --mode=gtp --chinese-rules --capture-all-dead --level=2"),
    }}
board_size = 7
komi = 8.5
alternating = True
matchups = [
    Matchup('g1', 'g2', number_of_games=4, scorer='players'),
    Matchup('g1', 'g2', number_of_games=2, scorer='internal', handicap=2, name='handicap'),
    ]
"""


@pytest.mark.slow
@pytest.mark.skipif(not GNU_GO.exists(), reason=f"{GNU_GO} is missing; install Debian's gnugo")
def test_gnu_go_against_gnu_go(tmp_path, capsys):
    (tmp_path / "gnugo.ctl").write_text(GNU_GO_PLAYOFF)
    assert match.main([str(tmp_path / "gnugo.ctl"), "--jobs", str(os.cpu_count())]) == 0
    folder = tmp_path / "gnugo-match"
    games = [record.parse(line) for line in (folder / "games.jsonl").read_text().splitlines()]
    assert len(games) == 6
    assert all(game.is_known and game.end in (record.End.passes, record.End.resign) for game in games)
    assert all(game.num_moves > 3 and game.cpu_s["b"] for game in games)
    check_report(folder)
    root = sgf.Sgf_game.from_bytes((folder / "games" / "1_0.sgf").read_bytes()).get_root()
    assert (root.get("HA"), root.get("PB"), len(root.get("AB"))) == (2, "GNU Go:3.8", 2)
    assert "player g1: GNU Go:3.8" in capsys.readouterr().out
