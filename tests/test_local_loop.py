"""The whole loop in one process: it learns, promotes, and a second session resumes the first."""

import errno
import os
import socket

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero import local_loop, locks, pull
from alphazero.config import compose
from alphazero.data import earlier_games, gamelog
from alphazero.evaluation import weight_files
from alphazero.net import inference
from alphazero.report import status
from alphazero.run_files import promotion, run_folder
from alphazero.search import symmetries
from alphazero.storage import background
from alphazero.training import checkpoint
from tests import local_run, tiny_run
from tools import summary


@pytest.mark.slow
def test_a_second_session_resumes_the_run(tmp_path):
    folder = local_run.run(tmp_path / "run", "stop.steps=60")
    first = gamelog.GameLog(folder.games).read_all()
    names = {game.game_id for game in first}
    promoted = promotion.Promotions(folder.weights / "promoted").all()
    assert checkpoint.newest_step(folder.checkpoints) == 60
    assert [network.certificate["steps"] for network in promoted] == [20, 40, 60]

    folder = local_run.run(tmp_path / "run", "stop.steps=100")
    second = list(gamelog.GameLog(folder.games).read_all())
    assert names < {game.game_id for game in second}
    assert len({game.game_id for game in second}) == len(second)
    fresh = [game for game in second if game.game_id not in names]
    assert min(game.oldest_weights for game in fresh) >= 60, "the best network was forgotten"
    assert checkpoint.newest_step(folder.checkpoints) == 100
    steps = [
        network.certificate["steps"] for network in promotion.Promotions(folder.weights / "promoted").all()
    ]
    assert steps == [20, 40, 60, 80, 100]
    assert summary.summarize(folder.path).fell("loss")


@pytest.mark.slow
@pytest.mark.parametrize("name", ['a=b [1] 100%, #x ${y} {z} 围棋\'s "q"', "~x", "*.tfevents?"])
def test_a_run_folder_may_have_any_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for steps in (20, 40):
        folder = local_run.run(compose.compose([f"run.dir=./{name}"]).run.dir, f"stop.steps={steps}")
        assert folder.path == tmp_path / name
        assert checkpoint.newest_step(folder.checkpoints) == steps
        assert compose.of_run(folder.path).stop.steps == steps
        assert compose.of_run(folder.path).run.dir == f"./{name}"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert summary.summarize(folder.path).rows


@pytest.mark.slow
def test_without_a_search_the_loop_plays_and_learns_from_moves_that_it_drew(tmp_path):
    """In such a short run the result is luck (docs/results.md), so the policy only has to change."""
    words = ["conf=5x5-reinforce", "net.blocks=1", "gate=none", "gate.every_steps=100", "stop.steps=100"]
    words.append(f"run.dir={tmp_path}")
    config = compose.compose(words)
    folder = run_folder.RunFolder(tmp_path)
    folder.open(config, compose.to_yaml(config))
    local_loop.LocalLoop(config, folder).run()
    folder.close()
    games = list(gamelog.GameLog(folder.games).read_all())
    assert all(game.num_simulations == 0 for game in games)
    assert all((game.policy.max(axis=1) == 1).all() for game in games), "each move is its own target"
    learned = inference.make_evaluator(weight_files.load(tmp_path), device="cpu", backend="torch")
    logits = learned.evaluate(evaluators.Inputs(np.zeros((1, 18, 5, 5), np.uint8))).logits
    chances = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert -(chances * np.log(chances)).sum() < np.log(26) - 0.005, "the initial entropy is log(26)"


@pytest.mark.slow
def test_self_play_keeps_its_symmetry_setting_with_newer_weights(tmp_path, monkeypatch):
    generations = []
    submit = symmetries.RandomSymmetry.submit
    monkeypatch.setattr(
        symmetries.RandomSymmetry,
        "submit",
        lambda self, planes: generations.append(self.generation) or submit(self, planes),
    )
    local_run.run(tmp_path / "run", "search.symmetry=random", "stop.steps=45")
    assert set(generations) == {0, 1, 2}


@pytest.mark.slow
def test_a_folder_in_use_or_of_another_run_is_refused(tmp_path):
    config = compose.compose([*tiny_run.WORDS, f"run.dir={tmp_path}"])
    folder = run_folder.RunFolder(tmp_path)
    folder.open(config, "")
    with pytest.raises(ValueError, match="another run is using"):
        run_folder.RunFolder(tmp_path).open(config, "")
    folder.close()
    other = compose.compose([*tiny_run.WORDS, "game.size=7", f"run.dir={tmp_path}"])
    with pytest.raises(ValueError, match=r"game\.size=7: the run in .* has 5"):
        run_folder.RunFolder(tmp_path).open(other, "")
    never = compose.compose([*tiny_run.WORDS, "run.resume=never", f"run.dir={tmp_path}"])
    with pytest.raises(ValueError, match=r"run\.resume=never"):
        run_folder.RunFolder(tmp_path).open(never, "")


@pytest.mark.slow
def test_a_run_resumes_from_its_mirror_on_another_machine(tmp_path):
    """The mirror has no games. Steps, networks and totals continue, and the learner trains on new games."""
    place = f"mirror.uri={tmp_path / 'mirror'}"
    first = local_run.run(tmp_path / "run", place, "stop.steps=60")
    before = status.Status.load(first.path / "status.json")
    with pytest.raises(ValueError, match="holds another run than"):
        background.check(compose.compose([*tiny_run.WORDS, place]), tmp_path / "new")
    assert pull.main([str(tmp_path / "mirror"), str(tmp_path / "new"), "--run"]) == 0
    first.path.rename(tmp_path / "lost")

    second = local_run.run(tmp_path / "new", place, "stop.steps=100")
    after = status.Status.load(second.path / "status.json")
    assert checkpoint.newest_step(second.checkpoints) == 100
    assert checkpoint.newest_step(tmp_path / "mirror" / "checkpoints") == 100
    promoted = promotion.Promotions(second.weights / "promoted").all()
    assert [network.certificate["steps"] for network in promoted] == [20, 40, 60, 80, 100]
    assert after.games > before.games and after.positions > before.positions
    fresh = list(gamelog.GameLog(second.games).read_all())
    assert fresh and min(game.oldest_weights for game in fresh) >= 60
    assert earlier_games.read(second.games).games == before.games
    assert after.games == before.games + len(fresh)


@pytest.mark.slow
def test_an_unreachable_mirror_does_not_end_a_run(tmp_path, monkeypatch, caplog):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "none")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unused = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused}")
    folder = local_run.run(tmp_path / "run", "mirror.uri=s3://bucket/x", "stop.steps=40")
    assert checkpoint.newest_step(folder.checkpoints) == 40
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    first, *_, last = [text for text in warnings if text.startswith("mirror: s3://bucket/x")]
    assert first.endswith("no connection to the store; the run goes on, and so do the attempts")
    assert last == "mirror: s3://bucket/x: 6 files are missing there; the same command sends them"
    assert "not reached" in status.Status.load(folder.path / "status.json").mirror


def test_a_file_system_without_locks_is_not_mistaken_for_another_run(tmp_path, monkeypatch):
    """Such as NFS that is mounted with nolock."""

    def fail(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks.fcntl, "flock", fail)
    with pytest.raises(ValueError, match="its file system has no locks"):
        run_folder.RunFolder(tmp_path / "run").open(compose.compose(["conf=smoke"]), "")
