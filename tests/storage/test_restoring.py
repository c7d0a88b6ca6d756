"""Tests of restoring a run's folder from its mirror, completely or with a message about missing files."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from alphazero import pull, run_paths
from alphazero.data import earlier_games
from alphazero.run_files import promotion
from alphazero.storage import layout, mirror, pulling, restoring, stores
from tests.storage import faults, runs

LOG = "games/actor-20261121T10.games"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return runs.make(tmp_path / "run")


@pytest.fixture
def mirrored(folder: Path, store: stores.Store) -> stores.Store:
    """A mirror with two checkpoints and without games."""
    for step in (30, 40):
        runs.save(folder, step)
        mirror.Mirror(runs.settings(), folder, store).step(is_last=True)
    return store


def restored(source: stores.Store, dest: Path) -> tuple[bool, list[str]]:
    lines: list[str] = []
    return restoring.restore(source, dest, lines.append, lines.append), lines


def test_all_comes_back(mirrored: stores.Store, folder: Path, tmp_path: Path):
    dest = tmp_path / "new" / "9x9"
    assert restored(mirrored, dest) == (True, [str(dest)])
    for name in mirrored.sizes():
        if name != "checkpoints/latest":  # made with the next checkpoint
            assert (dest / name).read_bytes() == (folder / name).read_bytes()
    assert layout.steps(runs.names(dest)) == [30, 40]
    assert (dest / "games" / run_paths.EARLIER_GAMES).is_file()
    assert os.listdir(dest.parent) == ["9x9"]
    mirror.Mirror(runs.settings(), dest, mirrored).step(is_last=True)  # it is the same run


def test_games_come_back_if_they_were_mirrored(folder: Path, store: stores.Store, tmp_path: Path):
    mirror.Mirror(runs.settings(games=True), folder, store).step()
    assert restored(store, tmp_path / "new")[0]
    assert (tmp_path / "new" / LOG).read_bytes() == (folder / LOG).read_bytes()
    assert not (tmp_path / "new" / "games" / run_paths.EARLIER_GAMES).exists()


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(
    mirrored: stores.Store, tmp_path: Path, folder: Path
):
    state, _ = layout.checkpoint(40)
    mirrored.write(state, b"half")
    whole, lines = restored(mirrored, tmp_path / "new")
    assert not whole
    assert lines == [
        f"{mirrored.name}/{state}: its sha256 is not the one in meta.json",
        str(tmp_path / "new"),
    ]
    assert layout.steps(runs.names(tmp_path / "new")) == [30]
    mirrored.write(layout.checkpoint(30)[1], b"{}")
    with pytest.raises(pulling.DamagedError, match="all of its checkpoints are damaged"):
        restored(mirrored, tmp_path / "newer")
    assert not (tmp_path / "newer").exists()
    mirrored.write(state, folder / state)
    assert restored(mirrored, tmp_path / "newer")[0] is False
    assert layout.steps(runs.names(tmp_path / "newer")) == [40]


def test_what_was_cut_short_is_taken_up_again(
    folder: Path, bucket: str, proxy: faults.Proxy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = stores.open_place("SOURCE", bucket)
    mirror.Mirror(runs.settings(games=True), folder, source).step()
    failures = 0
    proxy.cut_after = 0
    for connections in range(0, 60, 3):
        before = proxy.times_cut
        proxy.cuts = max(0, 12 - connections)
        code = pull.main([bucket, str(tmp_path / "new"), "--run"])
        if code == 0:
            break
        failures += 1
        output = capsys.readouterr().err
        assert code == 1 and output.count("\n") == 1 and proxy.times_cut > before
        assert not (tmp_path / "new").exists()
    assert failures
    assert layout.steps(runs.names(tmp_path / "new")) == [20]
    assert len(promotion.Promotions(tmp_path / "new" / run_paths.PROMOTED).all()) == 3
    assert not [name for name in runs.names(tmp_path / "new") if name.endswith(".part")]
    assert not (tmp_path / ".new.restoring").exists()


def test_folders_that_hold_something_are_left_alone(mirrored: stores.Store, folder: Path, tmp_path: Path):
    before = runs.names(folder)
    for dest in (folder, folder / "run.json"):
        with pytest.raises(ValueError, match="must be an empty folder or not exist yet"):
            restored(mirrored, dest)
    assert runs.names(folder) == before
    (tmp_path / "empty").mkdir()
    assert restored(mirrored, tmp_path / "empty")[0]


def test_places_that_are_not_mirrors(tmp_path: Path):
    source = stores.Folder(runs.make(tmp_path / "run"))
    with pytest.raises(ValueError, match=r"is not a mirror of a run \(it has no mirror.json\)"):
        restored(source, tmp_path / "new")
    assert not (tmp_path / ".new.restoring").exists()


def test_a_part_of_another_run_is_not_mixed_in(mirrored: stores.Store, tmp_path: Path):
    (tmp_path / ".new.restoring").mkdir()
    (tmp_path / ".new.restoring" / run_paths.IDENTITY).write_text('{"run": "another"}')
    with pytest.raises(ValueError, match="holds a part of another run; remove it"):
        restored(mirrored, tmp_path / "new")


def test_one_at_a_time(mirrored: stores.Store, tmp_path: Path):
    staging = tmp_path / ".new.restoring"
    staging.mkdir()
    descriptor = os.open(staging, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(ValueError, match="another process is restoring this run"):
        restored(mirrored, tmp_path / "new")
    os.close(descriptor)
    assert restored(mirrored, tmp_path / "new")[0]


def test_the_totals_of_games_that_stay_behind(mirrored: stores.Store, tmp_path: Path):
    restored(mirrored, tmp_path / "new")
    kept = earlier_games.read(tmp_path / "new" / "games")
    assert (kept.games, kept.positions) == (5, 40)
    assert kept.ends == {"passes": 3, "resign": 1, "settled": 0, "limit": 1}
    assert json.loads((tmp_path / "new" / "status.json").read_text())["minutes"] == 7
