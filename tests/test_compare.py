"""The command `alphazero compare`: forks of a real run, supervised training, and mistakes in one line."""

import json

import pytest

from alphazero import compare, locks
from alphazero.comparison import fork as forks
from alphazero.config import compose
from alphazero.report import status
from alphazero.run_files import run_folder
from tests import local_run

QUICK = ["--minutes", "0.05", "--pairs", "2", "--simulations", "2", "--opening-plies", "1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> run_folder.RunFolder:
    """A run that has trained and ended."""
    folder = tmp_path_factory.mktemp("compare") / "run"
    return local_run.run(folder, "cluster=local", "stop.steps=40")


@pytest.mark.slow
def test_forks_take_turns_and_play_a_match(run, tmp_path, capfd):
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    words = [str(run.path), *QUICK, "--slices", "1", "--output", str(tmp_path / "out")]
    words += ["--", "search.c_scale=1.0", "schedule=constant", "--against"]
    assert compare.main(words) == 0
    printed = capfd.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed[:2]] == ["a", "b"]
    assert (
        "search.c_scale=1.0 schedule=constant against the run's settings, 0.05 minutes each: " in printed[2]
    )
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["match"]["games"] == 4
    start = status.minutes_so_far(run.path)
    for name in ("a", "b"):
        side = result["sides"][name]
        assert side["minutes"] >= start + 0.05
        config = compose.of_run(tmp_path / "out" / name)
        assert config.search.c_scale == (1.0 if name == "a" else 0.5)
        assert (config.net, config.game) == (compose.of_run(run.path).net, compose.of_run(run.path).game)
    assert {path: path.read_bytes() for path in before} == before, "the original run was changed"
    assert compare.main(words) == 0
    again = capfd.readouterr().out.splitlines()
    assert again == printed[2:], "a complete comparison only plays its match again"


@pytest.mark.slow
def test_new_networks_are_compared_on_the_same_positions(run, tmp_path, capfd):
    words = [str(run.path), *QUICK, "--supervised", "--output", str(tmp_path / "out")]
    assert compare.main([*words, "--", "optimizer=muon", "--against"]) == 0
    assert "optimizer=muon against the run's settings" in capfd.readouterr().out
    sides = json.loads((tmp_path / "out" / "result.json").read_text())["sides"]
    assert all(side["steps"] > 0 and 0 < side["policy_loss"] < 10 for side in sides.values())


@pytest.mark.slow
def test_a_running_run_is_not_forked(run, tmp_path):
    config = forks.settings(run.path, tmp_path / "a", [], 1)
    with locks.Lock(run.path / "lock"), pytest.raises(ValueError, match=r"run: is running; stop it first"):
        forks.make(run.path, tmp_path / "a", config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run"], "settings: must be -- KEY=VALUE ... --against"),
        (["run", "--", "a=1"], "settings: must be -- KEY=VALUE ... --against"),
        (["run", "--", "a=1", "--against", "a=1"], "settings: a=1 on both sides of --against"),
        (["run", "--", "--against"], "settings: none on both sides of --against"),
        (["run", "--slices", "0", "--", "a=1", "--against"], "argument --slices: 0: must be a whole number"),
    ],
)
def test_mistakes_on_the_command_line_are_one_line(words: list[str], line: str, capsys):
    with pytest.raises(SystemExit) as ended:
        compare.main(words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert line in error and len(error.splitlines()) == 1


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_a_run_is_refused(folder: str, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert compare.main([folder, "--output", "out", "--", "search.c_scale=1", "--against"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
