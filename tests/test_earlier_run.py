"""Tests that runs written before the modules were renamed (2026-11-29) open and continue."""

import tarfile
from pathlib import Path

import pytest

from alphazero import local_loop
from alphazero.config import compose
from alphazero.data import gamelog
from alphazero.run_files import promotion, run_folder
from alphazero.supervised import __main__ as supervised_command
from alphazero.training import checkpoint
from tests import tiny_run

ARCHIVE = Path(__file__).with_name("earlier_run.tar.xz")
"""`run`: 40 steps of self-play with `tiny_run.WORDS`. `supervised`: 20 steps on its games."""


@pytest.fixture
def earlier(tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    facts = tmp_path / "supervised" / "run.json"  # has the path of the games
    facts.write_text(facts.read_text().replace("/tmp/earlier", str(tmp_path)))
    return tmp_path


@pytest.mark.slow
def test_an_earlier_run_continues(earlier):
    folder = run_folder.RunFolder(earlier / "run")
    games = [game.game_id for game in gamelog.GameLog(folder.games).read_all()]
    config = compose.compose([*tiny_run.WORDS, "stop.steps=60", f"run.dir={folder.path}"])
    folder.open(config, compose.to_yaml(config))
    try:
        local_loop.LocalLoop(config, folder).run()
    finally:
        folder.close()
    assert checkpoint.newest_step(folder.checkpoints) == 60
    after = [game.game_id for game in gamelog.GameLog(folder.games).read_all()]
    assert len(games) == 36 and set(games) < set(after)
    networks = promotion.Promotions(folder.weights / "promoted").all()
    assert [network.certificate["steps"] for network in networks] == [20, 40, 60]
    for network in networks:
        network.load()


@pytest.mark.slow
def test_earlier_supervised_training_continues(earlier, capsys, monkeypatch):
    words = [
        "conf=9x9",
        "net=b4c32",
        "game.size=5",
        "game.komi=7",
        "net.blocks=1",
        "net.filters=8",
        "data.num_readers=1",
    ]
    words += ["training.checkpoint_steps=10", "training.batch_size=32", "data.evaluate_steps=10"]
    words += [f"data.path={earlier / 'run' / 'games'}", "stop.steps=30", f"run.dir={earlier / 'supervised'}"]
    monkeypatch.setattr("sys.argv", ["supervised", *words])
    assert supervised_command.main() == 0
    assert checkpoint.newest_step(earlier / "supervised" / "checkpoints") == 30
    said = capsys.readouterr().out
    assert "step 30 held out" in said and "step 10 held out" not in said
