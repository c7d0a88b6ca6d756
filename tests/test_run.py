"""Tests of the command `alphazero run`: exit codes, errors of one line, stopping and resuming."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alphazero import run as run_command
from alphazero.config import compose
from alphazero.data import gamelog
from alphazero.evaluation import weight_files
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.training import checkpoint
from tests import tiny_run
from tests.net import networks

PROJECT = Path(__file__).resolve().parents[1]
TINY = [*tiny_run.WORDS, "cluster=private", "selfplay.play_with=promoted"]
KATAGO = ["net=kata-b4c32", "game.sizes={4: 1, 5: 2}"]
"""A run of KataGo's family on two board sizes."""


def start(*words, **options):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        [sys.executable, "-m", "alphazero.run", *words],
        env=environment,
        cwd=options.pop("cwd", PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*words, **options):
    """Exit code, output and errors."""
    process = start(*words, **options, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=420)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        texts = [*process.communicate(timeout=20), *(log.read_text() for log in _logs(words))]
        pytest.fail("\n".join(["the run did not end within 420 s:", *texts]))
    return process.returncode, output, errors


def _logs(words):
    """The log of the run with these words, if there is one."""
    folders = [Path(word.removeprefix("run.dir=")) for word in words if word.startswith("run.dir=")]
    return [folder / "log.txt" for folder in folders if (folder / "log.txt").exists()]


def wait_until(condition, process, timeout_s=120):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.2)


def status(folder):
    try:
        return json.loads((folder / "status.json").read_text())
    except FileNotFoundError:
        return {"step": 0, "games": 0, "promotions": 0}


def certificates(folder):
    """Certificates of the promoted networks, oldest first; a network without one is incomplete."""
    return sorted((folder / "weights" / "promoted").glob("[0-9]*.json"))


def logged_games(folder):
    return {entry.game_id for entry in gamelog.GameLog(folder / "games").entries(lambda corruption: None)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["conf=9X9"], ["conf=9X9", "9x9"]),
        (["search.num_simulatons=8"], ["search.num_simulatons", "num_simulations"]),
        (["search.num_simulations=0"], ["search.num_simulations=0", "from 1"]),
        (["init.weights=/nowhere/net.txt"], ["/nowhere/net.txt"]),
    ],
)
def test_wrong_settings_are_one_line_and_exit_code_2(words, expected, tmp_path):
    code, output, errors = run(*words, f"run.dir={tmp_path / 'run'}")
    assert code == 2 and output == ""
    assert errors.count("\n") == 1
    for word in expected:
        assert word in errors
    assert not (tmp_path / "run" / "games").exists()


@pytest.mark.parametrize("form", [".", "weights", "weights/promoted"])
def test_the_first_network_may_be_that_of_a_run(form, tmp_path):
    network = networks.random_weights(size=5, blocks=1, filters=8)
    promoted = promotion.Promotions(tmp_path / "weights" / "promoted").promote(network, {})
    config = compose.compose([*tiny_run.WORDS, "cluster=local", f"init.weights={tmp_path / form}"])
    assert run_command._with_start(config).init.weights == str(promoted.path)


@pytest.mark.slow
def test_a_folder_that_cannot_be_used_is_refused(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code, _, errors = run("conf=smoke", f"run.dir={blocked / 'run'}")
    assert code == 2 and errors.count("\n") == 1 and "cannot be written" in errors
    assert blocked.read_text() == "not a folder"


@pytest.mark.slow
def test_a_weight_file_of_another_size_is_refused(tmp_path, shared_data):
    weights = shared_data / "lz_weights" / "leelaz_0k_1x8_19x19.txt"
    code, _, errors = run("conf=smoke", f"init.weights={weights}", f"run.dir={tmp_path / 'run'}")
    assert code == 2 and errors.count("\n") == 1
    assert "19x19" in errors and "5x5" in errors


@pytest.mark.ray
def test_too_many_actors_are_refused(tmp_path):
    code, _, errors = run(*TINY, "selfplay.num_actors=500", f"run.dir={tmp_path / 'run'}")
    assert code == 2
    assert [line for line in errors.splitlines() if "selfplay.num_actors=500" in line and "at most" in line]
    assert "Traceback" not in errors


@pytest.mark.ray
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_leaves_within_seconds(signal_number, tmp_path):
    folder = tmp_path / "run"
    process = start(*TINY, f"run.dir={folder}", start_new_session=True)
    wait_until(lambda: status(folder)["step"] >= 30, process)
    children = descendants(process.pid)
    process.send_signal(signal_number)
    began = time.monotonic()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, output + errors
    assert time.monotonic() - began < 20
    assert "Traceback" not in errors
    assert checkpoint.newest_step(folder / "checkpoints") >= 30
    deadline = time.monotonic() + 10
    while living := [title(pid).strip("\0") for pid in children if is_alive(pid)]:
        assert time.monotonic() < deadline, living
        time.sleep(0.2)


@pytest.mark.ray
@pytest.mark.parametrize(("family", "sizes"), [([], [5]), (KATAGO, [4, 5])], ids=["leela", "katago"])
def test_a_killed_run_goes_on_where_it_was(family, sizes, tmp_path):
    """SIGKILL for the driver and for its whole private cluster, in the middle of the run.

    Its mirror continues, too, and finally holds the newest state.
    """
    folder, second = tmp_path / "run", tmp_path / "mirror"
    words = [*TINY, *family, f"run.dir={folder}", f"mirror.uri={second}"]
    process = start(*words, start_new_session=True)
    # On a new machine the kernels of two board sizes are compiled first, beside another test.
    wait_until(
        lambda: status(folder)["promotions"] >= 1 and status(folder)["step"] >= 60, process, timeout_s=300
    )
    wait_until(lambda: certificates(second), process)
    children = descendants(process.pid)
    process.kill()
    for pid in children:
        kill(pid)
    process.communicate()
    before, step = logged_games(folder), checkpoint.newest_step(folder / "checkpoints")
    promoted = certificates(folder)
    assert before and step >= 40 and promoted

    code, output, errors = run(*words, f"stop.steps={step + 40}")
    assert code == 0, output + errors
    assert [path.name for path in certificates(second)] == [path.name for path in certificates(folder)]
    assert checkpoint.newest_step(second / "checkpoints") == checkpoint.newest_step(folder / "checkpoints")
    assert str(status(folder)["mirror"]).startswith(str(second))
    after = logged_games(folder)
    assert before < after
    assert len(after) == status(folder)["games"]
    assert checkpoint.newest_step(folder / "checkpoints") >= step + 40
    assert set(promoted) <= set(certificates(folder))
    last = json.loads(certificates(folder)[-1].read_text())
    assert last["steps"] == checkpoint.newest_step(folder / "checkpoints"), "the last network was not judged"
    best = json.loads(promoted[-1].read_text())
    log = gamelog.GameLog(folder / "games")
    fresh = [entry for entry in log.entries(lambda corruption: None) if entry.game_id not in before]
    games = [log.read(entry) for entry in fresh]
    assert all(game.oldest_weights >= best["steps"] for game in games)
    assert sorted({game.size for game in games}) == sizes
    _check_networks(folder, second, sizes)
    learner_events = _steps_of_first_report(folder)
    assert learner_events >= step, "the learner started from step 0"


@pytest.mark.ray
def test_a_killed_rank_costs_the_steps_since_the_checkpoint(tmp_path):
    """All ranks restart from the checkpoint, and the run goes on."""
    folder = tmp_path / "run"
    words = ["training.num_ranks=2", "selfplay.num_actors=1", "training.replay_ratio=1000"]
    process = start(*TINY, *words, f"run.dir={folder}", start_new_session=True)
    wait_until(lambda: status(folder)["step"] >= 25, process, timeout_s=240)
    ranks = [pid for pid in descendants(process.pid) if "LearnerRank" in title(pid)]
    assert len(ranks) == 2
    kill(ranks[1])
    lost = "a rank of the learner was lost, all are started again"
    wait_until(lambda: lost in (folder / "log.txt").read_text(), process)
    before = checkpoint.newest_step(folder / "checkpoints")
    wait_until(lambda: checkpoint.newest_step(folder / "checkpoints") >= before + 40, process)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, output + errors
    assert "2 x learner rank" in output


def _check_networks(folder, mirror, sizes):
    """Reads the newest network from the run and from its mirror, and has the engine play with it.

    A network of KataGo's family plays on boards of other sizes than its run's, too.
    """
    network = weight_files.load(folder)
    assert network_weights.to_bytes(network) == network_weights.to_bytes(weight_files.load(mirror))
    commands = "".join(f"boardsize {size}\ngenmove b\n" for size in (4, 5, 7))
    command = [sys.executable, "-m", "alphazero.gtp", "--weights", str(folder), "--visits", "2"]
    done = subprocess.run(command, input=commands, cwd=PROJECT, capture_output=True, text=True, timeout=200)
    taken = [answer[0] == "=" for answer in done.stdout.split("\n\n")[:-1:2]]
    assert taken == [len(sizes) > 1, True, len(sizes) > 1], done.stdout + done.stderr


def _steps_of_first_report(folder):
    """First learner step in the events of the second session."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    files = sorted((folder / "events" / "loop").glob("events*"), key=lambda path: path.stat().st_mtime)
    events = EventAccumulator(str(files[-1]))
    events.Reload()
    return events.Scalars("learner/loss")[0].step


def descendants(pid):
    listing = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    children = {}
    for line in listing.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def title(pid):
    """The process title in `ps`, which Ray sets to the actor's name."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_alive(pid):
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
