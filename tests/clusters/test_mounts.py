"""Tests of the warning about runs inside a mounted folder, which appears on heads only."""

from pathlib import Path

import pytest

from alphazero import run as run_command
from alphazero.clusters import mounts
from alphazero.run_files import run_folder


@pytest.fixture
def head(tmp_path, monkeypatch):
    """The home folder of a head made by `ray up`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "ray_bootstrap_config.yaml"
    file.write_text("file_mounts:\n  ~/alphazero: /home/me/alphazero\n  ~/.ray/auth_token: x\n")
    return tmp_path


@pytest.mark.parametrize("place", ["alphazero/runs/9x9", "alphazero/mine"])
def test_a_run_in_the_mounted_folder(head, place):
    line = mounts.warning(head / place)
    assert line is not None and "\n" not in line
    assert f"run.dir={head / place}: lies in {head / 'alphazero'}" in line
    assert f"run.dir=~/runs/{Path(place).name}" in line


@pytest.mark.parametrize("place", ["runs/9x9", "alphazero-runs/9x9", "alphazer"])
def test_runs_elsewhere(head, place):
    assert mounts.warning(head / place) is None


@pytest.mark.parametrize("text", [None, "", "[]", "file_mounts: {}", "file_mounts:\n", "a: b: c", "\x00"])
def test_other_machines(head, text):
    file = head / "ray_bootstrap_config.yaml"
    file.unlink() if text is None else file.write_text(text)
    assert mounts.warning(head / "alphazero" / "runs" / "9x9") is None


def test_the_shipped_files_do_not_cause_it(head, project):
    for name in ("cluster.yaml", "clusters/gcp.yaml", "clusters/on_premises.yaml"):
        assert mounts.warning(head / "alphazero" / "runs" / "9x9", project / name) is not None
        assert mounts.warning(head / "runs" / "9x9", project / name) is None


def test_the_run_command_gives_the_warning(head, caplog):
    run_command._warn_of_mounts(run_folder.RunFolder(head / "runs" / "9x9"))
    assert caplog.records == []
    run_command._warn_of_mounts(run_folder.RunFolder(head / "alphazero" / "runs" / "9x9"))
    (record,) = caplog.records
    assert record.levelname == "WARNING" and "lies in" in record.message
