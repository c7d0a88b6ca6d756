"""Tests of matches against GNU Go and the uniform network."""

import json
import shutil

import pytest

from alphazero.go import sgf
from alphazero.net import leela
from tests.net import networks
from tools import play_gnugo

HAS_GNUGO = shutil.which("gnugo") or shutil.which("gnugo", path="/usr/games")


@pytest.fixture
def net(tmp_path):
    """A weight file for 5x5."""
    path = tmp_path / "net.txt.gz"
    leela.write(networks.random_weights(size=5), path)
    return str(path)


BAD_ARGUMENTS = [
    (["absent.txt"], "absent.txt: No such file or directory"),
    (["NET", "--games", "3"], "argument --games: 3: must be even"),
    (["NET", "--level", "11"], "argument --level: 11"),
    (["NET", "--gnugo", "/absent/gnugo"], "argument --gnugo: /absent/gnugo: no such program"),
]


@pytest.mark.parametrize(("arguments", "reason"), BAD_ARGUMENTS)
def test_bad_arguments_are_one_line_and_exit_code_2(arguments, reason, net, capsys):
    with pytest.raises(SystemExit) as exit_:
        play_gnugo.main([net if argument == "NET" else argument for argument in arguments])
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert reason in captured.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "opponent"),
    [
        (["--opponent", "uniform"], "uniform"),
        pytest.param(
            ["--level", "1", "--processes", "2"],
            "GNU Go level 1",
            marks=pytest.mark.skipif(not HAS_GNUGO, reason="gnugo is not installed"),
        ),
    ],
)
def test_a_match_is_played_scored_and_kept(options, opponent, net, tmp_path, capsys):
    output = tmp_path / "match"
    common = ["--games", "4", "--simulations", "8", "--opening", "uniform", "--output", str(output), "--json"]
    assert play_gnugo.main([net, *options, *common]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["a"], said["b"]) == ("net.txt.gz", opponent)
    assert said["wins"] + said["draws"] + said["losses"] == said["games"] == 4
    assert said["score"] == (said["wins"] + 0.5 * said["draws"]) / 4
    assert said["simulations"] == 8
    assert json.loads((output / "result.json").read_text())["results"] == said["results"]
    games = [sgf.read(path.read_bytes()) for path in sorted((output / "games").glob("*.sgf"))]
    assert len(games) == 4
    for first, second, results in zip(games[::2], games[1::2], pairs(said["results"]), strict=True):
        assert first.moves[:4] == second.moves[:4], "a pair shares its opening"
        assert (first.black_name, second.black_name) == ("net.txt.gz", opponent), "colours are swapped"
        for game, result in zip((first, second), results, strict=True):
            margin = sgf.replay(game).score()
            expected = "0" if margin == 0 else f"{'B' if margin > 0 else 'W'}+{abs(margin):g}"
            assert game.result == result["result"] == expected


def pairs(items):
    return list(zip(items[::2], items[1::2], strict=True))


@pytest.mark.slow
def test_an_engine_that_fails_is_named_and_the_exit_code_is_1(net, capsys):
    assert play_gnugo.main([net, "--games", "2", "--simulations", "2", "--gnugo", "/bin/false"]) == 1
    assert capsys.readouterr().err.startswith("python -m tools.play_gnugo: /bin/false")
