"""The command `alphazero gtp`: its arguments in this process, its sessions as a real process."""

import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from alphazero import gtp
from alphazero.engine import setup
from alphazero.engine_client import gtp_client
from alphazero.net import backends, inference, leela, machine, openvino_backend
from alphazero.run_files import promotion
from tests.net import networks

COMMAND = [sys.executable, "-m", "alphazero.gtp"]
READY = b"AlphaZero: GTP ready\n"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A weight file for 5x5."""
    path = tmp_path_factory.mktemp("net") / "net.txt.gz"
    leela.write(networks.random_weights(size=5), path)
    return str(path)


BAD_ARGUMENTS = [
    ([], "--weights"),
    (["--weights", "absent.txt"], "absent.txt: No such file or directory"),
    (["--weights", "."], "does not contain a promoted network"),
    (["--weights", "none", "--size", "20"], "argument --size: 20"),
    (["--weights", "none", "--size", "1"], "argument --size: 1"),
    (["--weights", "none", "--visits", "0"], "argument --visits: 0"),
    (["--weights", "none", "--komi", "inf"], "argument --komi: inf"),
    (["--weights", "none", "--max-time", "0"], "argument --max-time: 0"),
    (["--weights", "none", "--lag", "-1"], "argument --lag: -1"),
    (["--weights", "none", "--ko", "natural"], "argument --ko"),
    (["--weights", "none", "--komi", "7.3"], "komi 7.3: must be a multiple of 0.5"),
    (["--weights", "none", "--symmetry", "some"], "argument --symmetry"),
    (["--weights", "none", "--resign-threshold", "0.5"], "argument --resign-threshold: 0.5"),
    (["--weights", "none", "--visit", "5"], "unrecognized arguments: --visit 5"),
    (["--weights", "NET", "--size", "9"], "argument --size: 9: the network plays 5x5 only"),
]


@pytest.mark.parametrize(("arguments", "reason"), BAD_ARGUMENTS)
def test_bad_arguments_are_one_line_and_exit_code_2(arguments, reason, net, capsys):
    with pytest.raises(SystemExit) as exit_:
        gtp.main([net if argument == "NET" else argument for argument in arguments])
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert reason in captured.err


@pytest.mark.parametrize("form", [".", "weights", "weights/promoted"])
def test_a_folder_is_its_newest_promoted_network(form, tmp_path, capsys):
    promotion.Promotions(tmp_path / "weights" / "promoted").promote(networks.random_weights(size=5), {})
    with pytest.raises(SystemExit):
        gtp.main(["--weights", str(tmp_path / form), "--size", "9"])
    assert "argument --size: 9: the network plays 5x5 only" in capsys.readouterr().err


def test_a_broken_file_is_named(tmp_path, capsys):
    path = tmp_path / "net.txt"
    path.write_text("1\n1 2 nan\n")
    with pytest.raises(SystemExit):
        gtp.main(["--weights", str(path)])
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture(scope="module")
def uniform(project):
    """Starts an engine without a network, which the tests of this file share."""
    with gtp_client.GtpClient([*COMMAND, "--weights", "none", "--visits", "8"], cwd=project) as client:
        yield client


@pytest.mark.slow
def test_it_plays_a_whole_game_without_a_network(uniform):
    uniform.send("boardsize 5")
    uniform.send("komi 0.5")
    last = ""
    for ply in range(200):
        legal = uniform.send(f"all_legal {'bw'[ply % 2]}").split()
        move = uniform.send(f"genmove {'bw'[ply % 2]}", time_limit_s=120)
        assert move == "pass" or move in legal
        if move == last == "pass":
            break
        last = move
    assert uniform.send("final_score")[:2] in ("B+", "W+")
    assert len(uniform.send("move_history").split("\n")) == ply + 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 19])
def test_any_size_is_playable_without_a_network(uniform, size):
    uniform.send(f"boardsize {size}")
    assert len(uniform.send("all_legal b").split()) == size * size
    assert uniform.send("genmove b", time_limit_s=120) != "resign"


@pytest.mark.slow
def test_a_weight_file_fixes_the_size(net, project):
    with gtp_client.GtpClient([*COMMAND, "--weights", net, "--visits", "8"], cwd=project) as client:
        with pytest.raises(gtp_client.CommandRefused, match="unacceptable size"):
            client.send("boardsize 9", time_limit_s=120)
        client.send("boardsize 5")
        assert client.send("genmove b") != "resign"
        assert "b2c4" in client.send("gomill-describe_engine")
        assert "network b2c4, 5x5, batch 8: " in client.last_stderr
        assert " evaluations/s (used)" in client.last_stderr


@pytest.mark.slow
def test_stdout_is_protocol_and_nothing_else(net, project):
    """Ids, comments, a line without a line feed and the end of the input have exact answers."""
    commands = b"1 name\r\n# comment\n\n\x00\n2 protocol_version # two\nheatmap\nquux\xff\n3 play b A1"
    done = subprocess.run(
        [*COMMAND, "--weights", net],
        input=commands,
        capture_output=True,
        cwd=project,
        timeout=240,
        check=True,
    )
    answers = done.stdout.split(b"\n\n")
    assert answers[0] == b"=1 AlphaZero"
    assert answers[1] == b"=2 2"
    assert answers[2].startswith(b"= \n")
    assert answers[3:] == [b"? unknown command", b"=3 ", b""]


LEAN = """
import sys
from alphazero import gtp
assert gtp.main(["--weights", sys.argv[1], "--visits", "8"]) == 0
heavy = {"torch", "scipy.linalg", "openvino.tools.ovc", "hydra", "omegaconf", "ray", "tensorboard", "rich"}
print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not (openvino_backend.is_installed() and machine.is_x86()), reason="torch runs the network here"
)
def test_libraries_that_take_long_to_import_are_not_needed(net, project):
    commands = "name\ngenmove b\nheatmap\nlz-analyze 1\nfinal_status_list dead\nprintsgf\n"
    done = subprocess.run(
        [sys.executable, "-c", LEAN, net],
        input=commands,
        capture_output=True,
        cwd=project,
        timeout=240,
        check=True,
        text=True,
    )
    assert done.stdout.count("\n\n") == 6 and "?" not in done.stdout
    assert done.stderr.splitlines()[-1] == "[]"


NOISY = """
import os, sys
from alphazero import gtp
from alphazero.engine.commands import answers
def score(margin):
    print("printed ")
    os.write(1, b"written ")
    return "0"
answers.score = score
sys.exit(gtp.main(["--weights", "none"]))
"""


@pytest.mark.slow
def test_output_of_libraries_does_not_reach_the_controller(project):
    command = [sys.executable, "-c", NOISY]
    done = subprocess.run(
        command, input=b"final_score\n", capture_output=True, cwd=project, timeout=120, check=True
    )
    assert done.stdout == b"= 0\n\n"
    assert sorted(done.stderr.removeprefix(READY).split()) == [b"printed", b"written"]


@pytest.mark.slow
def test_an_interrupt_ends_it_without_a_traceback(project):
    process = subprocess.Popen(
        [*COMMAND, "--weights", "none"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
        # A shell makes background processes ignore SIGINT, and the tests may be one of them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"name\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"= AlphaZero\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == READY


@pytest.mark.slow
def test_a_controller_that_leaves_ends_it_quietly(project):
    process = subprocess.Popen(
        [*COMMAND, "--weights", "none"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stdin.write(b"name\nname\n")
    process.stdin.close()
    assert process.stderr.read() == READY
    assert process.wait(timeout=30) == 0
    process.stderr.close()


def start_uniform(project, *options) -> Any:
    return subprocess.Popen(
        [*COMMAND, "--weights", "none", "--size", "5", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
    )


def analyse(process, command=b"1 lz-analyze 5\n"):
    """Starts an analysis and waits for its first report."""
    process.stdin.write(command)
    process.stdin.flush()
    assert process.stdout.readline() == b"=1\n"
    assert process.stdout.readline().startswith(b"info move ")


@pytest.mark.slow
def test_the_end_of_the_input_ends_an_analysis(project):
    with start_uniform(project) as process:
        analyse(process)
        began = time.monotonic()
        process.stdin.close()
        reports = process.stdout.read().split(b"\n")
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 5
        assert reports[-2:] == [b"", b""] and all(line.startswith(b"info") for line in reports[:-2])
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_a_controller_that_leaves_ends_an_analysis_quietly(project):
    with start_uniform(project) as process:
        analyse(process)
        process.stdout.close()
        assert process.wait(timeout=30) == 0, "although its input is open"
        assert process.stderr.read().startswith(READY + b"NN eval=0.500000\n")
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_a_closed_stderr_is_harmless(project):
    with start_uniform(project) as process:
        process.stderr.close()
        analyse(process)
        process.stdin.write(b"heatmap\n2 name\n")
        process.stdin.close()
        assert process.stdout.read().endswith(b"\n\n=2 AlphaZero\n\n")


@pytest.mark.slow
def test_quit_ends_an_analysis(project):
    with start_uniform(project) as process:
        analyse(process)
        process.stdin.write(b"2 quit\n")
        process.stdin.flush()
        assert process.stdout.read().split(b"\n")[-4:] == [b"", b"=2 ", b"", b""]
        assert process.wait(timeout=30) == 0
        assert b"Fatal" not in process.stderr.read(), "the reader thread is still waiting for input"


@pytest.mark.slow
def test_pondering_grows_the_tree_and_ends_with_any_input(project):
    with start_uniform(project, "--ponder", "--visits", "20") as process:
        process.stdin.write(b"genmove b\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"= ")
        assert process.stdout.readline() == b"\n"
        time.sleep(1)
        began = time.monotonic()
        process.stdin.write(b"1 lz-analyze 100000\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"=1\n"
        assert time.monotonic() - began < 2
        process.stdin.write(b"stop\nlz-genmove_analyze w\n")
        process.stdin.close()
        report = next(line for line in process.stdout if line.startswith(b"info"))
        visits = [int(block.split()[3]) for block in report.split(b"info")[1:]]
        assert sum(visits) > 100, "a move alone has twenty"
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_threads_share_one_measurement_of_the_backends(net, monkeypatch):
    measured = []
    choose = backends.choose
    monkeypatch.setattr(
        backends, "choose", lambda *args, **options: measured.append(args) or choose(*args, **options)
    )
    options = setup.EngineOptions(num_simulations=8, num_threads=3, device="cpu", leaf_batch=2)
    engine = setup.make_engine(leela.read(net), options)
    assert len(measured) == 1
    assert engine.commands["genmove"](["b"]) != "resign"


@pytest.mark.slow
def test_a_position_that_comes_again_is_answered_from_the_cache_unless_forbidden(net, monkeypatch):
    """The engine also plays with an average over symmetries."""
    evaluated = []
    evaluate = inference.NetEvaluator.evaluate
    monkeypatch.setattr(
        inference.NetEvaluator,
        "evaluate",
        lambda self, inputs: evaluated.append(len(inputs.planes)) or evaluate(self, inputs),
    )
    weights = leela.read(net)
    totals = {}
    for is_cached in (True, False):
        options = setup.EngineOptions(num_simulations=8, is_cached=is_cached, symmetry="average")
        engine = setup.make_engine(weights, options)
        for komi in ("7", "6.5", "7"):  # another komi needs another tree
            evaluated.clear()
            engine.commands["clear_board"]([])
            engine.commands["komi"]([komi])
            engine.commands["genmove"](["b"])
        totals[is_cached] = list(evaluated)
    assert totals[True] == []
    assert set(totals[False]) == {8}, "one position under eight symmetries"
