"""Weight file and certificate of a student: names, contents, and names that are refused."""

import json

import pytest

from alphazero import files
from alphazero.config import net as net_config
from alphazero.evaluation import weight_files
from alphazero.net import leela
from alphazero.supervised import student_file
from alphazero.training import trainable

FACTS = {"steps": 7, "komi": 7.0}


@pytest.fixture(scope="module")
def weights():
    return trainable.make_network(3, net_config.NetConfig(blocks=1, filters=4)).export()


@pytest.mark.parametrize("suffix", [".txt.gz", ".txt"])
def test_a_file(tmp_path, weights, suffix):
    path = tmp_path / "new" / f"net.v1{suffix}"
    assert student_file.StudentFile(path).write(weights, FACTS, lambda path: len(path.name) / 100) == path
    certificate = json.loads((path.parent / "net.v1.json").read_text())
    assert certificate == {
        **FACTS, "file": path.name, "sha256": files.sha256(path.read_bytes()), "board_size": 3, "blocks": 1,
        "filters": 4, "largest_difference": len(path.name) / 100,
    }  # fmt: skip
    assert leela.to_text(leela.read(path)) == leela.to_text(weights)
    assert sorted(each.name for each in path.parent.iterdir()) == sorted(["net.v1.json", path.name])


def test_a_folder_looks_like_a_runs(tmp_path, weights):
    place = student_file.StudentFile(tmp_path)
    first = place.write(weights, FACTS, lambda path: 0.0)
    second = student_file.StudentFile(tmp_path).write(weights, FACTS, lambda path: 0.0)
    assert (first.name[:6], second.name[:6]) == ("00001-", "00002-")
    assert weight_files.find(tmp_path) == second
    assert leela.to_text(leela.read(second)) == leela.to_text(weights)


@pytest.mark.parametrize("name", ["net.txt.gz", "net.txt", "net.json", "net.bin.gz", "net.gz", "file"])
def test_refused_names(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "net.json").write_text("")
    with pytest.raises(ValueError, match=r"^DEST=\S+: (already exists|must be a folder or a name that ends)"):
        student_file.StudentFile(tmp_path / name)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "net.json"]
