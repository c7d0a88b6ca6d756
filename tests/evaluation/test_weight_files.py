"""Networks by a user's text: a file, a run's folder, its weights/, a folder of promoted files."""

from pathlib import Path

import pytest

from alphazero import run_paths
from alphazero.config import schema
from alphazero.evaluation import weight_files
from alphazero.net import leela
from alphazero.run_files import promotion
from tests.net import networks

FORMS = [".", "weights", "weights/promoted"]
"""Folders below a run's that mean its newest promoted network."""


@pytest.fixture
def run(tmp_path):
    """A run's folder with two promoted networks of 2 and 3 filters."""
    promotions = promotion.Promotions(tmp_path / "weights" / "promoted")
    for filters in (2, 3):
        promotions.promote(networks.random_weights(filters=filters), {})
    return tmp_path


def test_a_file_is_itself(tmp_path):
    leela.write(networks.random_weights(filters=3), tmp_path / "net.txt")
    assert weight_files.load(tmp_path / "net.txt").filters == 3
    assert weight_files.find(tmp_path / "net.txt") == tmp_path / "net.txt"


def test_a_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    leela.write(networks.random_weights(filters=3), tmp_path / "net.txt")
    assert weight_files.load("~/net.txt").filters == 3


@pytest.mark.parametrize("folder", FORMS)
def test_a_folder_is_its_latest_promoted_network(run, folder):
    assert weight_files.load(run / folder).filters == 3
    newest = promotion.Promotions(run / "weights" / "promoted").all()[-1]
    assert weight_files.find(run / folder) == newest.path


def test_the_pointer_decides(run):
    pointer = run / "weights" / "promoted" / run_paths.LATEST_NETWORK
    first, _ = sorted(path.name for path in pointer.parent.glob("0*.json"))
    pointer.write_text(f'{{"certificate": "{first}"}}')
    assert weight_files.load(run).filters == 2


def corrupt_pointer(promoted):
    (promoted / run_paths.LATEST_NETWORK).write_text('{"certi')


def corrupt_network(promoted):
    newest = sorted(promoted.glob("*.txt.gz"))[-1]
    newest.write_bytes(newest.read_bytes()[:-1])


def remove_pointer(promoted):
    (promoted / run_paths.LATEST_NETWORK).unlink()


@pytest.mark.parametrize(
    ("corrupt", "reason"),
    [
        (corrupt_pointer, r"latest\.json: is corrupt"),
        (corrupt_network, "sha256 is not the one"),
        (remove_pointer, "does not contain a promoted network"),
    ],
)
def test_corruption_is_reported_in_one_line(run, corrupt, reason):
    corrupt(run / "weights" / "promoted")
    with pytest.raises(ValueError, match=reason) as error:
        weight_files.load(run)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"absent\.txt: No such file"):
        weight_files.load(tmp_path / "absent.txt")


@pytest.mark.parametrize("form", FORMS)
def test_a_run_starts_from_one_file(run, form):
    """All processes of a run read the same file, even if a new one is promoted meanwhile."""
    config = schema.Config()
    assert weight_files.with_start(config) is config
    config.init.weights = str(run / form)
    started = weight_files.with_start(config)
    promotions = promotion.Promotions(run / "weights" / "promoted")
    assert started.init.weights == str(promotions.all()[-1].path)
    assert config.init.weights == str(run / form)
    promotions.promote(networks.random_weights(filters=5), {})
    assert leela.read(Path(started.init.weights)).filters == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.txt", "No such file or directory"),
        (".", r"does not contain a promoted network \(latest\.json"),
    ],
)
def test_a_start_that_is_not_there_is_named(tmp_path, name, reason):
    config = schema.Config()
    config.init.weights = str(tmp_path / name)
    with pytest.raises(ValueError, match=rf"^init\.weights={tmp_path / name}: {reason}") as error:
        weight_files.with_start(config)
    assert "\n" not in str(error.value)


def test_a_pointer_cannot_lead_out_of_its_folder(run, tmp_path):
    pointer = run / "weights" / "promoted" / run_paths.LATEST_NETWORK
    elsewhere = tmp_path / "elsewhere"
    outside = promotion.Promotions(elsewhere).promote(networks.random_weights(), {})
    pointer.write_text(f'{{"certificate": "../../elsewhere/{outside.certificate_path.name}"}}')
    with pytest.raises(ValueError, match=outside.certificate_path.name):
        weight_files.load(run)
