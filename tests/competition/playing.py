"""Players, competitions and process lists for the tests of games."""

import os
import sys
import time
from pathlib import Path

from alphazero.competition.control_files import settings
from alphazero.competition.results import record

ENGINES = Path(__file__).parent / "engines"


def command(script, *arguments):
    """The command of one of the engines beside this file; starts in 20 ms, without site-packages."""
    return (sys.executable, "-S", "-E", str(ENGINES / f"{script}.py"), *map(str, arguments))


def player(code, script="steady", *arguments, **options):
    return settings.PlayerSettings(code=code, command=command(script, *arguments), **options)


def game_settings(**options):
    return settings.GameSettings(**({"board_size": 5, "komi": 2.5, "move_time_limit_s": 5.0} | options))


def matchup(first="a", second="b", *, matchup_id="0", game=None, **options):
    options = {"number_of_games": 2} | options
    name = f"{first} v {second}"
    game = game or game_settings()
    return settings.Matchup(id=matchup_id, name=name, player_1=first, player_2=second, game=game, **options)


def playoff(*matchups, players=None, **options):
    matchups = matchups or (matchup(),)
    codes = sorted({code for match in matchups for code in (match.player_1, match.player_2)})
    players = {code: player(code) for code in codes} | {one.code: one for one in players or ()}
    return settings.Competition(
        kind=settings.CompetitionKind.playoff, players=players, matchups=tuple(matchups), **options
    )


def result(number=0, matchup_id="0", **options):
    """A game that player a won as Black."""
    plain = {
        "game_id": f"{matchup_id}_{number}", "matchup_id": matchup_id, "number": number, "black": "a",
        "white": "b", "end": record.End.passes, "winner": "b", "result": "B+3.5", "num_moves": 14,
        "moves_sha256": "ab",
    }  # fmt: skip
    return record.GameResult(**(plain | options))


def processes(mark):
    """Ids of the processes whose environment has this NAME=VALUE; zombies have no environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            environment = Path(f"/proc/{name}/environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment.split(b"\0"):
            found.append(int(name))
    return found


def wait_for_engines(mark, timeout_s=10):
    """Waits for a process with the mark, as there may be none between two games."""
    end = time.monotonic() + timeout_s
    while not processes(mark):
        assert time.monotonic() < end, "no engine was started"
        time.sleep(0.01)


def zombies():
    """Ids of child processes that have ended and were not waited for."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == os.getpid():
            found.append(int(name))
    return found


def wait_until(condition, limit_s=10.0):
    """Waits for a condition, such as the end of a killed process."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.01)
