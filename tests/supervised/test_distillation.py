"""Export of runs as Leela Zero networks: a whole export, interruptions, and mistakes of the user."""

import json
import os
import re
import signal
import threading

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero import export, files
from alphazero.config import compose
from alphazero.data import gamelog, store
from alphazero.evaluation import match
from alphazero.go import input_families
from alphazero.net import inference, leela
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.supervised import student, teacher_games
from alphazero.training import trainable
from tests import local_run, tiny_run
from tests.data import games

WORDS = ["net=kata-b4c32", "net.blocks=2", "net.filters=16", "replay.held_out_fraction=0.2"]
SIZES = ["game.sizes={4: 1, 5: 2}", "game.komis={4: 2}", "game.komi_spread=1"]


def write_run(path, *words):
    """A folder with the settings of a run, but without games and networks."""
    config = compose.compose([*tiny_run.WORDS, *words, f"run.dir={path}"])
    path.mkdir()
    (path / "config.yaml").write_text(compose.to_yaml(config))
    return config


def promote(path, size):
    """Promotes an untrained network of Leela Zero's family."""
    config = compose.compose(["net=b2c16", "net.blocks=1", "net.filters=4"])
    weights = trainable.make_network(size, config.net).export()
    return promotion.Promotions(path / "weights" / "promoted").promote(weights, {})


def call(*arguments):
    return export.main([*map(str, arguments), "--to", "leela"])


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A run of KataGo's family on two board sizes."""
    path = tmp_path_factory.mktemp("run")
    local_run.run(path, *WORDS, *SIZES, "stop.steps=60")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 4])
def test_an_export(played, tmp_path, capsys, size):
    words = ["--net", "b2c16", "--minutes", "0.3", "--games", "4", "--simulations", "8", "--size", size]
    assert call(played, tmp_path / "net.txt.gz", *words) == 0
    lines = capsys.readouterr().out.splitlines()
    certificate = json.loads((tmp_path / "net.json").read_text())
    teacher = promotion.Promotions(played / "weights" / "promoted").latest()
    assert teacher is not None
    assert certificate["teacher"] == {
        "file": teacher.path.name, "sha256": teacher.certificate["sha256"], "net": "kata-b2c16",
    }  # fmt: skip
    assert certificate["sha256"] == files.sha256_of(tmp_path / "net.txt.gz")
    shape = {"board_size": size, "blocks": 2, "filters": 16, "komi": {5: 7.0, 4: 2.0}[size]}
    assert certificate.items() >= shape.items()
    assert certificate["largest_difference"] < 1e-4
    found = [game for game in gamelog.GameLog(played / "games").read_all() if game.size == size]
    held_out = [game for game in found if store.is_held_out(game.game_id, 0.2)]
    assert (certificate["games"], certificate["held_out_games"]) == (len(found), len(held_out))
    assert certificate["held_out_positions"] == sum(game.num_played for game in held_out)
    assert certificate["samples"] == 256 * certificate["steps"] > 0
    result = certificate["match"]
    assert result["wins"] + result["draws"] + result["losses"] == result["games"] == 4
    assert (result["simulations"], result["opponent"]) == (8, "teacher-kata-b2c16")
    assert any(line.startswith("student-b2c16 against teacher-kata-b2c16 ") for line in lines)
    assert re.search(r"^step \d+ held out \| policy KL ", "\n".join(lines), re.MULTILINE)

    weights = leela.read(tmp_path / "net.txt.gz")
    assert (weights.name, weights.size) == ("b2c16", size)
    config = compose.compose(["net=b2c16"])
    untrained = trainable.make_network(size, config.net).export()
    answers = inference.make_exact(teacher.load(), size)
    records = _answered(answers, held_out, size, certificate["komi"])
    divergence, same, error = _agreement(inference.make_exact(weights), records, size)
    assert divergence == pytest.approx(certificate["held_out"]["policy_kl"], abs=0.02)
    assert same == pytest.approx(certificate["held_out"]["policy_top1"], abs=0.05)
    assert error == pytest.approx(certificate["held_out"]["value_mse"], abs=0.02)
    assert divergence < 0.3 * _agreement(inference.make_exact(untrained), records, size)[0]


def _answered(evaluator, held_out, size, komi):
    teacher = teacher_games.Teacher(evaluator, size, komi)
    return teacher.answer([teacher.replay(game) for game in held_out])


def _agreement(evaluator, answered, size):
    """See `student.AGREEMENT`."""
    teacher = teacher_games.Teacher(evaluator, size, answered[0].komi)
    planes = np.concatenate([teacher.replay(game).inputs.planes for game in answered])
    outputs = evaluator.evaluate(evaluators.Inputs(input_families.LEELA.unpack(planes, size)))
    logs = outputs.logits - np.log(np.exp(outputs.logits).sum(axis=1, keepdims=True))
    policy = np.concatenate([game.policy for game in answered]).astype(np.float64)
    values = np.concatenate([game.root_values for game in answered])
    divergence = (policy * (np.log(np.maximum(policy, 1e-30)) - logs)).sum(axis=1).mean()
    same = (policy.argmax(axis=1) == logs.argmax(axis=1)).mean()
    return divergence, same, ((outputs.values - values) ** 2).mean()


@pytest.mark.slow
def test_a_run_of_leela_zeros_family(tmp_path, capsys):
    """Its only game is not held out, and a folder gets promoted files."""
    path = tmp_path / "run"
    write_run(path, "replay.held_out_fraction=0")
    promote(path, 5)
    log = gamelog.GameLog(path / "games")
    log.append(_record(5), "actor")
    assert call(path, tmp_path / "out", "--net", "b1c4", "--minutes", "0.02", "--games", "0") == 0
    (network,) = promotion.Promotions(tmp_path / "out").all()
    assert network_weights.name_of(network.load()) == "b1c4"
    facts = {"match": None, "held_out": {}, "held_out_positions": 0, "games": 1, "positions": 3}
    assert network.certificate.items() >= facts.items()
    assert "no held-out games" in capsys.readouterr().out


def _record(size):
    points = size * size
    return games.make_record(
        size=size, moves=np.array([0, points, points], np.int16), num_played=3, move_limit=2 * points,
        policy=games.one_hot([0, points, points], points + 1), root_values=np.zeros(3, np.float32),
        ownership=np.ones(points, np.int8),
    )  # fmt: skip


@pytest.mark.slow
def test_an_interruption_of_training_leaves_no_files(played, tmp_path, capsys, monkeypatch):
    train = student.StudentTraining.run

    def run(training, seconds, should_stop):
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        return train(training, seconds, should_stop)

    monkeypatch.setattr(student.StudentTraining, "run", run)
    assert call(played, tmp_path / "out", "--net", "b1c4", "--minutes", "9") == 130
    assert capsys.readouterr().err == f"export: interrupted, {tmp_path / 'out'} is unchanged\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_interruption_of_the_match_keeps_the_network(played, tmp_path, capsys, monkeypatch):
    play_match = match.play_match

    def play(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return play_match(*arguments, **options)

    monkeypatch.setattr(match, "play_match", play)
    out = tmp_path / "net.txt"
    assert call(played, out, "--net", "b1c4", "--minutes", "0.02", "--games", "2") == 130
    assert capsys.readouterr().err == f"export: interrupted, {out} has no result of a match\n"
    assert json.loads((tmp_path / "net.json").read_text())["match"] is None
    assert leela.read(out).name == "b1c4"


def test_mistakes(tmp_path, capsys):
    run, nets = tmp_path / "run", tmp_path / "nets.txt"
    write_run(run)
    nets.write_text("")

    def mistake(*arguments):
        assert call(*arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    out = tmp_path / "out"
    assert mistake(tmp_path / "no", out).endswith("No such file or directory; it must be the folder of a run")
    assert "does not contain a promoted network" in mistake(run, out)
    promote(run, 5)
    assert mistake(run, out).endswith("has no readable game of 5x5 to train on")
    assert mistake(run, out, "--size", 7).startswith(
        "export: --size=7: must be 5, the only board size of 00001-"
    )
    assert "--net=kata-b4c32: must be bNcM, such as b6c64" in mistake(run, out, "--net", "kata-b4c32")
    assert "net.blocks=0: must be" in mistake(run, out, "--net", "b0c8")
    assert "--games=3: must be even" in mistake(run, out, "--games", 3)
    assert mistake(run, nets) == f"export: DEST={nets}: already exists"
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [["--to", "leela", "--games-per-chunk", "8"], ["--to", "chunks", "--net", "b4c32"],
     ["--to", "chunks", "--minutes", "1"], ["--to", "leela", "--minutes", "0"]],
)  # fmt: skip
def test_options_of_the_other_format(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        export.main(["a", "b", *arguments])
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
