"""Lookup of a weight file, by its own path or by that of a run's folder."""

import pytest

from alphazero import run_paths
from alphazero.evaluation import weight_files
from alphazero.net import leela
from alphazero.run_files import promotion
from tests.net import networks


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


@pytest.mark.parametrize("folder", [".", "weights", "weights/promoted"])
def test_a_folder_is_its_latest_promoted_network(run, folder):
    assert weight_files.load(run / folder).filters == 3


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


def test_a_pointer_cannot_lead_out_of_its_folder(run, tmp_path):
    pointer = run / "weights" / "promoted" / run_paths.LATEST_NETWORK
    elsewhere = tmp_path / "elsewhere"
    outside = promotion.Promotions(elsewhere).promote(networks.random_weights(), {})
    pointer.write_text(f'{{"certificate": "../../elsewhere/{outside.certificate_path.name}"}}')
    with pytest.raises(ValueError, match=outside.certificate_path.name):
        weight_files.load(run)
