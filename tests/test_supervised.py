"""The command `alphazero supervised` as users see it: exit codes, one-line errors, kills, ranks, result."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alphazero import files
from alphazero.evaluation import weight_files
from alphazero.net import leela
from alphazero.net import weights as network_weights
from alphazero.training import checkpoint
from tests import test_run, tiny_run
from tests.datasets import corpus

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[1]
TINY = [
    "conf=smoke",
    "stop.minutes=null",
    "net.blocks=1",
    "net.filters=8",
    "training.batch_size=32",
    "training.checkpoint_steps=20",
    "training.device=cpu",
    "training.precision=fp32",
    "data.evaluate_steps=40",
    "data.shuffle_positions=500",
    "data.epochs=null",
]


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    return corpus.write_log(tmp_path_factory.mktemp("data") / "run", 60)


def start(*words, limit_kb=None):
    command = [sys.executable, "-m", "alphazero.supervised", *map(str, words)]
    if limit_kb is not None:
        command = ["bash", "-c", f'ulimit -f {limit_kb}; exec "$@"', "bash", *command]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT,
        start_new_session=True,
    )  # fmt: skip


def run(*words, **options):
    """Exit code, output and errors."""
    process = start(*words, **options)
    output, errors = process.communicate(timeout=200)
    return process.returncode, output, errors


def newest_step(folder):
    return checkpoint.newest_step(folder / "checkpoints")


def promoted(folder):
    """The weight file and its certificate."""
    (path,) = (folder / "weights" / "promoted").glob("*.txt.gz")
    return path, json.loads(path.with_name(path.name.replace(".txt.gz", ".json")).read_text())


def state_of(folder):
    state = checkpoint.Checkpoints(folder / "checkpoints", 3).load_newest()
    assert state is not None
    state["supervised"].pop("minutes")
    return repr(state)


def test_a_killed_and_resumed_run_ends_with_the_same_bits(games, tmp_path):
    words = [*TINY, f"data.path={games}", "stop.steps=200"]
    code, output, errors = run(*words, f"run.dir={tmp_path / 'whole'}")
    assert code == 0, errors
    folder = tmp_path / "parts"
    process = start(*words, f"run.dir={folder}")
    test_run.wait_until(lambda: newest_step(folder) >= 60, process)
    children = test_run.descendants(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(map(test_run.is_alive, children)):
        assert time.monotonic() < deadline, "readers outlived their parent"
        time.sleep(0.1)
    assert 60 <= newest_step(folder) < 200
    code, output, errors = run(*words, f"run.dir={folder}")
    assert code == 0, errors
    assert "Traceback" not in output + errors
    assert promoted(tmp_path / "whole")[0].read_bytes() == promoted(folder)[0].read_bytes()
    assert state_of(tmp_path / "whole") == state_of(folder)

    again = run(*words, f"run.dir={folder}")
    assert again[0] == 0 and "already exists" in again[1]


def test_the_weight_file_loads_matches_its_certificate_and_starts_a_run(games, tmp_path):
    folder = tmp_path / "run"
    words = [*TINY, f"data.path={games}", f"run.dir={folder}", "net.score=true", "stop.steps=80"]
    code, output, errors = run(*words)
    assert code == 0, errors
    assert "switched off" not in output and "time left" in output and "held out | loss" in output
    path, certificate = promoted(folder)
    weights = leela.read(path)
    assert (
        network_weights.size_of(weight_files.load(folder)) == weights.size == certificate["board_size"] == 5
    )
    assert (certificate["blocks"], certificate["filters"], certificate["komi"]) == (1, 8, 7.0)
    assert certificate["sha256"] == files.sha256(path.read_bytes())
    assert certificate["steps"] in (40, 80) and certificate["samples"] == 80 * 32
    assert certificate["data_path"] == [str(games)]
    assert certificate["held_out_positions"] + certificate["positions"] == pytest.approx(720, abs=2)
    assert certificate["largest_difference"] < 1e-4
    assert certificate["held_out"]["policy_loss"] < 3.2
    assert certificate["configuration"]["net"]["filters"] == 8

    warm = [*tiny_run.WORDS, "cluster=local", f"init.weights={path}", "stop.games=4"]
    code, _, errors = test_run.run(*warm, f"run.dir={tmp_path / 'warm'}")
    assert code == 0, errors

    again = tmp_path / "again"
    words = [*TINY, f"data.path={games}", f"init.weights={folder}", "stop.steps=8", f"run.dir={again}"]
    code, _, errors = run(*words)
    assert code == 0, errors
    assert f"weights: {path}\n" in (again / "config.yaml").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("num_ranks", [1, 2])
def test_a_signal_saves_and_ends_the_run(number, num_ranks, games, tmp_path):
    process = start(*TINY, f"data.path={games}", f"run.dir={tmp_path}", f"training.num_ranks={num_ranks}")
    test_run.wait_until(lambda: newest_step(tmp_path) >= 20, process)
    children = test_run.descendants(process.pid)
    os.killpg(process.pid, number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, output + errors
    assert "Traceback" not in errors and errors.endswith("interrupted; run the same command again\n")
    assert f"step {newest_step(tmp_path)}: interrupted\n" in output
    time.sleep(0.5)
    assert not [pid for pid in children if test_run.is_alive(pid)]


def test_two_ranks_resume_after_one_was_killed(games, tmp_path):
    words = [*TINY, f"data.path={games}", f"run.dir={tmp_path}", "training.num_ranks=2", "stop.steps=400"]
    process = start(*words)
    test_run.wait_until(lambda: newest_step(tmp_path) >= 40, process)
    ranks = [pid for pid in test_run.descendants(process.pid) if _is_rank(pid)]
    os.kill(max(ranks), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "rank 1 ended by signal 9; run the same command again\n"
    step = newest_step(tmp_path)
    assert 40 <= step < 400
    code, _, errors = run(*words)
    assert code == 0 and newest_step(tmp_path) == 400, errors
    assert promoted(tmp_path)[1]["held_out"]["policy_loss"] < 2.9


def _is_rank(pid):
    """Whether the process has children: a rank has readers."""
    parents = Path(f"/proc/{pid}/task/{pid}/children")
    return parents.exists() and parents.read_text().strip() != ""


def test_heads_without_targets_are_switched_off(tmp_path):
    folder = corpus.write_sgf(tmp_path / "sgf", 30)
    code, output, errors = run(
        *TINY, f"data.path={folder}", f"run.dir={tmp_path / 'run'}", "net.reply=true", "stop.steps=8"
    )
    assert code == 0, errors
    assert "switched off, as the data have no targets: net.ownership, net.reply" in output
    assert promoted(tmp_path / "run")[1]["komi"] is None


def broken(folder):
    """60 games, including one of another size, one that is not SGF and one with an illegal move."""
    corpus.write_sgf(folder, 60)
    (folder / "game000.sgf").write_text("(;SZ[9]RE[B+1];B[aa])")
    (folder / "game001.sgf").write_text("not a game")
    (folder / "game002.sgf").write_text("(;SZ[5]RE[B+1];B[aa];W[aa])")
    return folder


def test_broken_files_are_named_counted_and_skipped(tmp_path):
    folder = broken(tmp_path / "sgf")
    code, output, errors = run(*TINY, f"data.path={folder}", f"run.dir={tmp_path / 'run'}", "stop.steps=60")
    assert code == 0, errors
    for name in ("game000.sgf", "game001.sgf", "game002.sgf"):
        assert sum(name in line for line in errors.splitlines()) == 1
    assert "left out of the data: 1 " in output and "1 size" in output


BAD = [
    ([], "data.path=null: must name"),
    (["data.path=/nowhere/*.gz"], "data.path=/nowhere/*.gz: no training chunks"),
    (["data.path={games}", "game.size=7"], "no position for 7x7 there; left out: 60 size"),
    (["data.path={games}", "data.held_out_fraction=0.9999"], "holds out everything"),
    (["data.path={games}", "init.weights=/nowhere/net.txt"], "init.weights=/nowhere/net.txt: No such file"),
    (["data.path={games}", "data.shuffle=1"], "data.shuffle: unknown key"),
]


@pytest.mark.parametrize(("words", "line"), BAD)
def test_mistakes_are_one_line_and_exit_code_2(words, line, games, tmp_path):
    words = [word.format(games=games) for word in words]
    code, _, errors = run(*TINY, *words, f"run.dir={tmp_path / 'run'}")
    assert code == 2 and errors.count("\n") == 1 and line in errors
    assert not (tmp_path / "run").exists()


def test_folders_of_other_runs_are_refused(games, tmp_path):
    words = [*TINY, f"data.path={games}", f"run.dir={tmp_path}", "stop.steps=8"]
    assert run(*words)[0] == 0
    for other in (["net.filters=4"], ["data.path=" + str(games / "games")]):
        code, _, errors = run(*words, *other)
        assert code == 2 and errors.count("\n") == 1 and "choose another run.dir" in errors
    code, _, errors = test_run.run(*tiny_run.WORDS, "cluster=local", f"run.dir={tmp_path}")
    assert code == 2 and errors.count("\n") == 1 and "data.path=None: the run in" in errors


def test_a_full_disk_is_reported_and_nothing_is_half_written(games, tmp_path):
    """A limit on the size of files simulates the disk: the checkpoint exceeds it."""
    words = [*TINY, f"data.path={games}", f"run.dir={tmp_path}", "stop.steps=40"]
    code, _, errors = run(*words, limit_kb=60)
    assert code == 1 and "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("step 40 could not be saved")
    assert list((tmp_path / "checkpoints").iterdir()) == []
    assert list((tmp_path / "weights").iterdir()) == []
    assert run(*words)[0] == 0
