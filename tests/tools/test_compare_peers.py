"""Tests of the comparison with peers: arguments, arithmetic, and small comparisons with fakes and peers."""

import json
import os
import sys
from pathlib import Path

import pytest

from alphazero.net import leela
from alphazero.net.katago import writer
from tests.net import leela_zero, networks
from tests.net.katago import models, stock
from tools import compare_peers, fetch_katago
from tools.peers import contest, engines, environment, katago, selfplays, turns

CORES = sorted(os.sched_getaffinity(0))
THIS = sys.executable

MESSAGES = """
 R19 ->      45 (V: 50.15%) (LCB: 49.93%) (N:  0.28%) PV: R19 A1 T17 Q19
26.9 average depth, 89 max depth
726 non leaf nodes, 1.02 average children
744 visits, 248311 nodes, 400 playouts, 155 n/s

 Q16 ->     120 (V: 50.15%) (LCB: 49.93%) (N:  0.28%) PV: Q16
120 visits, 43200 nodes, 401 playouts, 310 n/s
"""


@pytest.fixture
def leelaz(monkeypatch):
    """Makes every program seem to be installed."""
    monkeypatch.setattr(engines, "find_leelaz", lambda program: program or "leelaz")


def refusal(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as exit_:
        compare_peers.main(arguments)
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["learner"], "learner: must be selfplay, gtp or katago"),
        (["--rounds", "0"], "argument --rounds: 0"),
        (["--peer-games", "none"], "argument --peer-games: none"),
        (["--threads", "100000"], "argument --threads: 100000"),
        (["gtp", "--weights", "absent.txt"], "absent.txt: No such file or directory"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(arguments, reason, leelaz, capsys):
    assert reason in refusal(arguments, capsys)


def test_a_network_for_another_board_is_refused(leelaz, tmp_path, capsys):
    leela.write(networks.random_weights(size=9), tmp_path / "net.txt")
    assert "is for 9x9, not 19x19" in refusal(["gtp", "--weights", str(tmp_path / "net.txt")], capsys)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (
            ["gtp", "--leelaz", "/absent/leelaz"],
            "/absent/leelaz: no such program; `apt-get install leela-zero`",
        ),
        (
            ["selfplay", "--peers-python", "/absent/bin/python"],
            "--make-env --peers-python /absent/bin/python`",
        ),
        (["selfplay", "--peers-python", THIS], f"{THIS}: does not have jax, pgx, mctx, dm-haiku; "),
        (["selfplay", "--peers-python", "/bin/false"], "/bin/false: does not have jax, pgx"),
    ],
)
def test_a_missing_peer_is_one_line_with_what_to_install(arguments, advice, capsys):
    assert advice in refusal(arguments, capsys)


def test_the_environment_is_made_where_its_python_is_to_be(tmp_path, monkeypatch):
    commands = []

    class Done:
        returncode = 0

    monkeypatch.setattr(
        environment.subprocess, "run", lambda command, check: commands.append(command) or Done()
    )
    folder = tmp_path / "peers"
    assert compare_peers.main(["--make-env", "--peers-python", str(folder / "bin" / "python")]) == 0
    assert commands[0] == [sys.executable, "-m", "venv", str(folder)]
    assert commands[1][0] == str(folder / "bin" / "python")
    assert {"jax==0.10.2", "pgx==2.6.0", "mctx==0.0.71", "dm-haiku==0.0.17"} <= set(commands[1])


def test_programs_take_turns():
    seen = []

    def side(name):
        return lambda number: seen.append(f"{name}{number}") or float(number)

    assert contest.alternate([side("a"), side("b")], 3) == [[0, 1, 2], [0, 1, 2]]
    assert seen == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_the_ratio_is_that_of_medians_with_the_peer_s_best_setup():
    peers = {"small": [10.0, 1.0, 10.0], "large": [5.0, 4.0, 100.0]}
    found = contest.compare("selfplay.b4c32", "simulations/s", [20.0, 60.0, 30.0], peers, {"cores": 2})
    assert (found.ours, found.peer, found.ratio) == (30, 10, 3)
    assert found.setup == {"peer": "small", "rounds": 3, "ratios": "2.00 to 60.00", "cores": 2}
    said = json.loads(found.json())
    assert list(said) == ["name", "unit", "ours", "peer", "ratio", "setup"]
    assert (said["name"], said["ratio"], said["setup"]["cores"]) == ("selfplay.b4c32", 3, 2)
    assert "cores" in said["setup"]["machine"]
    assert said["setup"]["peers"] == {"small": 10, "large": 5}
    first, *others = found.line().splitlines()
    assert first.split()[:4] == ["selfplay.b4c32", "30", "10", "3.00"]
    assert [line.split() for line in others] == [["10", "small"], ["5", "large"]]


def test_the_last_search_of_leela_zero_counts():
    assert engines.parse_rate(MESSAGES) == 310
    with pytest.raises(turns.ContestantFailed):
        engines.parse_rate("no search\n")


def test_openings_differ_by_round_and_are_the_same_for_all_engines():
    assert engines.opening(0) == engines.opening(0) != engines.opening(1)
    assert [color for color, _ in engines.opening(0)] == list("bwbwbwbw")
    assert len({move for _, move in engines.opening(0)}) == 8


def test_engines_get_the_same_threads_and_visits():
    settings = engines.EngineSettings(
        weights=Path("net.txt"),
        net_name="b4c32",
        threads=[2],
        cores=CORES,
        num_visits=77,
        engine_arguments=["--threads", "{threads}"],
        leelaz="leelaz",
        num_rounds=1,
    )
    ours, theirs = engines.our_command(settings, 2), engines.leelaz_command(settings, 2)
    assert ours[ours.index("--visits") + 1] == theirs[theirs.index("-p") + 1] == "77"
    assert ours[-2:] == ["--threads", "2"]
    assert theirs[theirs.index("-t") + 1] == "2"


def katago_settings(**changes) -> katago.KataGoSettings:
    settings = katago.KataGoSettings(
        weights=Path("net.bin.gz"),
        net_name="kata-b1c6",
        size=9,
        threads=[2],
        cores=CORES,
        search_threads=[8],
        num_visits=77,
        engine_arguments=["--leaf-batch", "16"],
        num_rounds=1,
    )
    return settings._replace(**changes)


def test_katago_gets_the_same_visits_and_board():
    ours, theirs = katago.our_command(katago_settings(), 2), katago.katago_command(katago_settings(), 8)
    for option, value in (("--visits", "77"), ("--threads", "2"), ("--size", "9"), ("--leaf-batch", "16")):
        assert ours[ours.index(option) + 1] == value
    overrides = theirs[theirs.index("-override-config") + 1]
    assert overrides == "maxVisits=77,numSearchThreads=8,nnMaxBatchSize=8,defaultBoardSize=9"
    assert str(fetch_katago.settings(tuned=True)) in theirs, "it was not tuned for this machine"


def test_katago_needs_a_program_and_a_network_of_its_family(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch_katago, "missing", lambda: "katago is missing")
    assert "katago is missing" in refusal(["katago"], capsys)
    monkeypatch.setattr(fetch_katago, "missing", lambda: None)
    leela.write(networks.random_weights(size=9), tmp_path / "net.txt")
    arguments = ["katago", "--katago-weights", str(tmp_path / "net.txt")]
    assert "KataGo cannot load networks of Leela Zero's family" in refusal(arguments, capsys)


def child(work: str) -> list[str]:
    """Command of a program whose turns are `work`, a Python expression."""
    code = "import sys; from tools.peers import turns; out = turns.claim_stdout(); print('noise'); "
    return [
        THIS,
        "-c",
        f"{code}turns.serve(lambda: {work}, {{'backend': 'fake'}}, lines=sys.stdin, output=out)",
    ]


def test_a_team_plays_at_the_same_time_and_its_rates_add_up():
    lineup = [(child("__import__('time').sleep(0.01) or 5"), CORES)] * 2
    with turns.Team("fakes", lineup) as team:
        assert team.facts == {"backend": "fake"}
        for _ in range(2):
            played = team.turn(0.05)
            assert 2 * 5 / 0.5 < played.rate < 2 * 5 / 0.01
            assert 0 <= played.cpu_share < 1


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["/absent/python"], "fakes: /absent/python: No such file or directory"),
        ([THIS, "-c", "import sys; sys.exit('no board')"], "fakes: ended with exit code 1: no board"),
        (child("1 / 0"), "fakes: ended with exit code 1: ZeroDivisionError: division by zero"),
    ],
)
def test_a_program_that_fails_is_named_with_its_last_message(command, reason):
    with (
        pytest.raises(turns.ContestantFailed, match=reason),
        turns.Team("fakes", [(command, CORES)]) as team,
    ):
        team.turn(0.01)


def test_children_have_the_cores_that_they_were_given():
    with turns.pinned(CORES[:1]):
        assert os.sched_getaffinity(0) == {CORES[0]}
    assert sorted(os.sched_getaffinity(0)) == CORES


def selfplay_arguments(*others):
    return [
        "selfplay",
        "--net",
        "b1c4",
        "--rounds",
        "2",
        "--seconds",
        "0.02",
        "--peers-python",
        THIS,
        *others,
    ]


@pytest.fixture
def fake_peers(monkeypatch):
    """Peers whose rate depends on the number of games; our rate is 7 simulations in 10 ms."""
    versions = dict.fromkeys(environment.PACKAGES, "1")
    monkeypatch.setattr(environment, "versions", lambda python: versions)
    sleep = "__import__('time').sleep(0.01) or {}"
    monkeypatch.setattr(selfplays, "our_lineup", lambda *_: [(child(sleep.format(700)), CORES)])
    monkeypatch.setattr(
        selfplays,
        "peer_lineup",
        lambda net, settings, games, processes: [(child(sleep.format(games)), CORES)],
    )


def test_self_play_is_compared_with_the_best_of_the_peer(fake_peers, capsys):
    assert compare_peers.main(selfplay_arguments("--peer-games", "10", "100", "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["name"] == "selfplay.b1c4"
    assert 4 < said["ratio"] < 11
    assert said["setup"]["peer"].startswith("pgx 1 + mctx 1 (jax 1, float32), 100 games in ")
    assert said["setup"]["our backend"] == "fake"


def test_the_table_has_a_heading(fake_peers, capsys):
    assert compare_peers.main(selfplay_arguments("--peer-games", "100", "--peer-processes", "1")) == 0
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split() == ["comparison", "ours", "peer", "ratio"]
    assert line.startswith("selfplay.b1c4")


def test_a_failing_program_gives_exit_code_1(fake_peers, monkeypatch, capsys):
    monkeypatch.setattr(selfplays, "our_lineup", lambda *_: [(["/bin/false"], CORES)])
    assert compare_peers.main(selfplay_arguments()) == 1
    assert capsys.readouterr().err.startswith("python -m tools.compare_peers: our self-play: ended with exit")


@pytest.mark.slow
@leela_zero.needed
def test_our_engine_is_compared_with_leela_zero(tmp_path, capsys):
    path = tmp_path / "tiny.txt"
    leela.write(networks.random_weights(size=19, blocks=1, filters=4), path)
    arguments = ["gtp", "--weights", str(path), "--visits", "20", "--rounds", "1", "--threads", "1", "--json"]
    assert compare_peers.main(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["name"] == "gtp.b1c4.1t"
    assert said["ours"] > 0 and said["peer"] > 0
    assert said["setup"]["peer"].startswith("Leela Zero 0.")


@pytest.mark.slow
@stock.needed
def test_our_engine_is_compared_with_katago(tmp_path, monkeypatch):
    """With KataGo's plain settings, because tuning takes minutes."""
    untuned = fetch_katago.settings()
    monkeypatch.setattr(fetch_katago, "settings", lambda tuned: untuned)
    path = tmp_path / "tiny.bin.gz"
    writer.write(models.random_model(), path)
    (said,) = katago.compare(
        katago_settings(weights=path, threads=[1], search_threads=[2], num_visits=20, num_rounds=2)
    )
    assert said.name == "katago.kata-b1c6.1t"
    assert said.ours > 0 and said.ratio == said.ours / said.peer
    assert said.setup["ours"].startswith("kata-b2c6 on ")
    assert [setup.split(", ")[1] for setup in said.peers] == ["numSearchThreads=1", "numSearchThreads=2"]


@pytest.mark.slow
def test_our_self_play_takes_turns():
    command = [THIS, "-m", "tools.peers.ours", "b1c4", "4", "4", "0"]
    with turns.Team("our self-play", [(command, CORES)]) as team:
        assert team.facts["backend"]
        assert team.turn(0.1).rate > 0


@pytest.mark.slow
def test_the_peer_s_self_play_takes_turns():
    try:
        environment.versions(environment.DEFAULT)
    except environment.Missing as missing:
        pytest.skip(str(missing))
    command = [str(environment.DEFAULT), "-m", "tools.peers.pgx_mctx", "1", "4", "4", "4"]
    with turns.Team("pgx + mctx", [(command, CORES)]) as team:
        assert team.turn(0.1).rate > 0
