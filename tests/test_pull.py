"""Pulling copies what is missing, trusts nothing and says what it did."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alphazero import pull
from alphazero.evaluation import promotion
from tests.evaluation import networks


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run with three promoted networks."""
    for seed in range(3):
        promotions(tmp_path / "run").promote(networks.make_weights(seed), {"games": seed})
    return tmp_path / "run"


def promotions(run: Path) -> promotion.Promotions:
    return promotion.Promotions(run / "weights" / "promoted")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def call(*arguments: object) -> int:
    return pull.main([str(argument) for argument in arguments])


@pytest.mark.parametrize("below", ["", "weights/promoted"])
def test_everything_is_copied(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str
):
    dest = tmp_path / "new" / "dest"
    assert call(run_folder / below, dest) == 0
    source = run_folder / "weights" / "promoted"
    assert names(dest) == names(source)
    for name in names(dest):
        assert (dest / name).read_bytes() == (source / name).read_bytes()
    output = capsys.readouterr()
    expected = [str(dest / promoted.path.name) for promoted in promotions(run_folder).all()]
    assert output.out.splitlines() == expected
    assert output.err == ""


def test_latest(run_folder: Path, tmp_path: Path):
    assert call(run_folder, tmp_path / "dest", "--latest") == 0
    newest = promotions(run_folder).all()[-1]
    assert names(tmp_path / "dest") == sorted([newest.path.name, newest.certificate_path.name, "latest.json"])
    assert json.loads((tmp_path / "dest" / "latest.json").read_text())["file"] == newest.path.name


def test_what_is_there_is_left_alone(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    dest = tmp_path / "dest"
    call(run_folder, dest)
    one, two, three = promotion.Promotions(dest).all()
    before = one.path.stat().st_mtime_ns
    two.path.write_bytes(b"damaged")
    three.certificate_path.unlink()
    capsys.readouterr()
    assert call(run_folder, dest) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{one.path} is there already", str(two.path), str(three.path)
    ]  # fmt: skip
    assert one.path.stat().st_mtime_ns == before
    assert len(promotion.Promotions(dest).all()) == 3


def test_a_damaged_network_is_named_and_the_others_come(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    _, damaged, newest = promotions(run_folder).all()
    damaged.path.write_bytes(damaged.path.read_bytes()[:-1])
    dest = tmp_path / "dest"
    assert call(run_folder, dest) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"pull: {damaged.path}: its sha256 is not the one in {damaged.certificate_path.name}"
    ]
    assert [promoted.number for promoted in promotion.Promotions(dest).all()] == [1, 3]
    newest.path.unlink()
    shutil.rmtree(dest)
    assert call(run_folder, dest, "--latest") == 1
    assert names(dest) == []


@pytest.mark.parametrize("source", ["missing", "empty", "file"])
def test_sources_that_are_no_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert call(tmp_path / source, tmp_path / "dest") == 2
    assert capsys.readouterr().err == f"pull: SOURCE={tmp_path / source}: no promoted networks there\n"
    assert not (tmp_path / "dest").exists()


def test_destinations_that_are_no_folders(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "dest").write_text("")
    assert call(run_folder, tmp_path / "dest") == 2
    assert capsys.readouterr().err == f"pull: DEST={tmp_path / 'dest'}: is not a folder\n"
    assert call(run_folder, tmp_path / "dest" / "below") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_bad_arguments():
    with pytest.raises(SystemExit) as stop:
        pull.main(["only-one"])
    assert stop.value.code == 2


def test_as_a_program(run_folder: Path, tmp_path: Path, project: Path):
    command = [sys.executable, "-m", "alphazero.pull", str(run_folder), str(tmp_path / "dest"), "--latest"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith(".txt.gz")
