"""Tests of faulty engines: each fault has the documented result and leaves no process behind."""

import json
import uuid

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.play import runner
from alphazero.competition.results import ledger, record
from tests.competition import playing
from tests.competition.playing import game_settings, matchup, player, playoff

LATE = {"move_time_limit_s": 0.4}


@pytest.fixture
def mark():
    """NAME=VALUE in the environment of all engines; checks that none of them remains after a test."""
    token = f"TEST_MARK={uuid.uuid4().hex}"
    yield token
    playing.wait_until(lambda: not playing.processes(token))
    assert playing.zombies() == []


def play_games(folder, mark, fault, arguments=(), *, colors="fs", number_of_games=1, **options):
    """Results of games of the faulty engine f against a steady engine s. colors: codes of Black and White."""
    environ = dict([mark.split("=")])
    scripted = {
        "f": player("f", "faulty", fault, *arguments, environ=environ),
        "s": player("s", environ=environ),
    }
    game = game_settings(**options)
    competition = playoff(
        matchup(*colors, game=game, number_of_games=number_of_games),
        players=scripted.values(),
        skip_player_checks=True,
    )
    with ledger.Ledger(folder, "trial", competition) as book:
        runner.run(competition, book)
        return book.contents.results


COUNTED = [
    ("hang", (), LATE, "W+T", "forfeit by f: no answer to 'genmove b' within 0.4 s"),
    ("occupied", (), {}, "W+F", "forfeit by f: illegal move: black A1: the point is occupied"),
    ("play", ("A1", "A1"), {}, "W+F", "forfeit by f: illegal move: black A1: the point is occupied"),
    ("garbage", (), {}, "W+F", "forfeit by f: answered 'fish and chips' to 'genmove b'"),
    ("refuse", (), {}, "W+F", "forfeit by f: refused 'genmove b': 'not in the mood'"),
    ("refuse-play", (), {}, "W+F", "forfeit by f: refused 'play w A4': 'who are you?'"),
    ("reject", (), {}, "B+F", "forfeit by s: f rejected A4 as illegal"),
    ("noise", (), {}, None, ""),
    ("slow-start", (), {}, None, ""),
    ("stderr", (), {}, None, ""),
    ("child", (), {}, None, ""),
    ("escaped-child", (), {}, None, ""),
    ("none", (), {}, None, ""),
    pytest.param("stubborn", (), {}, None, "", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("fault", "arguments", "options", "result", "detail"), COUNTED)
def test_games_that_count(fault, arguments, options, result, detail, mark, tmp_path):
    (game,) = play_games(tmp_path, mark, fault, arguments, **options)
    if result is None:
        assert game.end is not record.End.forfeit
    else:
        assert (game.result, game.detail) == (result, detail)
        assert game.end is record.End.forfeit
    assert (tmp_path / "games" / "0_0.sgf").exists()


VOID = [
    (
        "die-at-start",
        {},
        "f: ended with exit code 1 at 'protocol_version' (stderr: there is no such network)",
        0,
    ),
    ("mute", LATE, "f: no answer to 'protocol_version' within 0.4 s", 0),
    ("version", {}, "f: answered '1' to 'protocol_version'; must be 2", 0),
    ("refuse-size", {}, "f: refused 'boardsize 5': 'unacceptable size'", 0),
    ("twice", {}, "f: answered =1 to 'name', which had the id 2", 0),
    ("crash", {}, "f: ended with exit code 1 at 'genmove b' (stderr: out of luck)", 2),
    ("hang", LATE | {"late": settings.Late.void}, "f: no answer to 'genmove b' within 0.4 s", 0),
]


@pytest.mark.parametrize(("fault", "options", "reason", "num_moves"), VOID)
def test_games_that_do_not_count(fault, options, reason, num_moves, mark, tmp_path):
    with pytest.raises(runner.Halted) as halted:
        play_games(tmp_path, mark, fault, **options)
    assert str(halted.value) == f"halted: 2 games in a row of matchup 0 are void; the last: {reason}"
    lines = [json.loads(line) for line in (tmp_path / "void.jsonl").read_text().splitlines()]
    assert [(line["attempt"], line["reason"]) for line in lines] == [("0_0-1", reason), ("0_0-2", reason)]
    assert not (tmp_path / "games.jsonl").exists()
    assert (tmp_path / "void" / "0_0-1.gtp").exists()
    assert (tmp_path / "void" / "0_0-2.sgf").exists() == (num_moves > 0)


def test_simple_ko(mark, tmp_path):
    environ = dict([mark.split("=")])
    black = player("x", "faulty", "play", "B4", "A3", "B2", "E1", "C3", environ=environ)
    white = player("y", "faulty", "play", "C4", "D3", "C2", "B3", "B3", environ=environ)
    competition = playoff(matchup("x", "y", number_of_games=1), players=[black, white])
    with ledger.Ledger(tmp_path, "trial", competition) as book:
        runner.run(competition, book)
        (game,) = book.contents.results
    assert game.result == "B+F"
    assert "white B3: it would repeat an earlier position" in game.detail


def test_endless_stderr_does_not_fill_the_disk(mark, tmp_path):
    play_games(tmp_path, mark, "stderr")
    assert 0 < (tmp_path / "logs" / "0_0.f.stderr").stat().st_size < 1_200_000


def test_logs_of_a_game(mark, tmp_path):
    play_games(tmp_path, mark, "garbage", colors="sf")
    lines = (tmp_path / "logs" / "0_0.gtp").read_text().splitlines()
    assert all(line[:9].strip().replace(".", "").isdigit() for line in lines)
    assert lines[0][10:] == "b > protocol_version"
    assert "w < = fish and chips" in [line[10:] for line in lines]
    assert "Steady" in (tmp_path / "games" / "0_0.sgf").read_text()


def test_other_games_continue_after_a_void_game(mark, tmp_path):
    """A matchup whose first game is void, beside another matchup; the void game is played again."""
    environ = dict([mark.split("=")])
    # The engine cannot start without its file, which the first attempt creates.
    path = tmp_path / "exists"
    program = (
        f"import os, sys\nif not os.path.exists({str(path)!r}):\n"
        f"    open({str(path)!r}, 'w').close()\n    sys.exit('not yet')\n"
    )
    steady = (playing.ENGINES / "steady.py").read_text()
    unreliable = settings.PlayerSettings(
        code="m", command=(*playing.command("steady")[:3], "-c", program + steady), environ=environ
    )
    competition = playoff(
        matchup("m", "s", number_of_games=2),
        matchup("s", "t", matchup_id="1", number_of_games=2),
        players=[unreliable, player("s", environ=environ), player("t", environ=environ)],
        skip_player_checks=True,
    )
    with ledger.Ledger(tmp_path, "trial", competition) as book:
        runner.run(competition, book, jobs=2)
        assert sorted(game.game_id for game in book.contents.results) == ["0_0", "0_1", "1_0", "1_1"]
    assert len((tmp_path / "void.jsonl").read_text().splitlines()) == 1


CHECKS = [
    ("die-at-start", "ended with exit code 1 at 'protocol_version' (stderr: there is no such network)"),
    ("refuse-size", "refused 'boardsize 5': 'unacceptable size'"),
    ("mute", "no answer to 'protocol_version' within 0.4 s"),
]


@pytest.mark.parametrize(("fault", "reason"), CHECKS)
def test_players_are_started_before_the_first_game(fault, reason, mark, tmp_path):
    environ = dict([mark.split("=")])
    players = [player("f", "faulty", fault, environ=environ), player("s", environ=environ)]
    competition = playoff(matchup("s", "f", game=game_settings(**LATE)), players=players)
    with ledger.Ledger(tmp_path, "trial", competition) as book:
        with pytest.raises(ValueError) as refused:
            runner.run(competition, book)
        assert str(refused.value) == f"players.f: {reason}"
        assert book.contents.results == []
    assert not (tmp_path / "void.jsonl").exists()
