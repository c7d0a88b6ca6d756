"""The survey of data before training, and errors for unusable data."""

import numpy as np
import pytest

from alphazero.config import data as data_config
from alphazero.config import game as game_config
from alphazero.config import schema
from alphazero.data import targets as game_targets
from alphazero.datasets import dataset, sources
from tests.datasets import corpus


def survey(*paths, size=5, **data):
    config = schema.Config(
        game=game_config.GameConfig(size=size),
        data=data_config.DataConfig(path=[str(path) for path in paths], **data),
    )
    return dataset.survey(config)


def test_logs_hold_out_games_and_have_komi_and_targets(tmp_path):
    found = survey(corpus.write_log(tmp_path / "run", 40), held_out_fraction=0.2)
    assert found.komi == 7 and found.fields == frozenset(game_targets.optional_fields())
    assert found.held_out is not None
    assert len(found.held_out.value) + found.num_rows == pytest.approx(480)
    assert found.split.files is None and len(found.files) == 1


def test_sgf_holds_out_files(tmp_path):
    found = survey(corpus.write_sgf(tmp_path / "sgf", 30), held_out_fraction=0.2)
    assert found.held_out is not None and found.split.files
    assert len(found.files) + len(found.split.files) == 30
    assert len(found.held_out.value) == 12 * len(found.split.files)
    assert found.num_rows == pytest.approx(12 * len(found.files), rel=0.05)
    assert found.komi is None and found.fields == frozenset()


def test_mixed_kinds_have_their_common_targets(tmp_path):
    log, sgf = corpus.write_log(tmp_path / "run", 20), corpus.write_sgf(tmp_path / "sgf", 20)
    found = survey(log, sgf, held_out_fraction=0.3)
    assert found.fields == frozenset() and found.komi is None
    assert {source.kind for source in found.files} == {sources.SourceKind.games, sources.SourceKind.sgf}


def test_few_files_of_one_game_hold_out_one_file(tmp_path):
    found = survey(corpus.write_chunks(tmp_path / "chunks", 4, games_each=1), held_out_fraction=0.01)
    assert found.held_out is not None and len(found.files) == 3


def test_held_out_positions_are_bounded_and_reproducible(tmp_path):
    found = survey(corpus.write_sgf(tmp_path / "sgf", 30), held_out_fraction=0.3, held_out_positions=20)
    assert found.held_out is not None and len(found.held_out.value) == 20
    again = survey(tmp_path / "sgf", held_out_fraction=0.3, held_out_positions=20)
    assert again.held_out is not None and np.array_equal(found.held_out.planes, again.held_out.planes)


def test_nothing_held_out(tmp_path):
    found = survey(corpus.write_sgf(tmp_path / "sgf", 3), held_out_fraction=0)
    assert found.held_out is None and len(found.files) == 3 and found.num_rows == pytest.approx(36, rel=0.1)


def test_corruption_in_held_out_files_is_kept(tmp_path):
    folder = corpus.write_sgf(tmp_path / "sgf", 30)
    broken = min(survey(folder, held_out_fraction=0.3).split.files or set())
    broken.write_text("(;SZ[5];B[aa")
    found = survey(folder, held_out_fraction=0.3)
    assert [skipped.path for skipped in found.skipped] == [broken]


BAD = [
    ("sgf", {"size": 7}, r"no position for 7x7 there; left out: 3 size; first .*5x5, expected 7x7"),
    ("sgf", {"held_out_fraction": 0.999}, r"held_out_fraction=0.999: holds out everything"),
    ("log", {"held_out_fraction": 0.0001}, r"held_out_fraction=0.0001: holds out no game"),
    ("empty", {}, r"no training chunks, SGF files or game logs there"),
]


@pytest.mark.parametrize(("kind", "changes", "line"), BAD)
def test_unusable_data_raise_one_line(kind, changes, line, tmp_path):
    place = tmp_path / "data"
    if kind == "empty":
        place.mkdir()
    else:
        (corpus.write_sgf if kind == "sgf" else corpus.write_log)(place, 3)
    with pytest.raises(ValueError, match=line) as caught:
        survey(place, **changes)
    assert "\n" not in str(caught.value)
