"""Checkpoints survive crashes and damaged files."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from alphazero import files, run_paths
from alphazero.training import checkpoint


def make_state(step: int) -> dict:
    return {"step": step, "net": {"weight": torch.full((3,), float(step))}}


def save_steps(folder: Path, *steps: int, keep: int = 3) -> checkpoint.Checkpoints:
    checkpoints = checkpoint.Checkpoints(folder, keep)
    for step in steps:
        checkpoints.save(step, make_state(step))
    return checkpoints


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_newest_is_loaded_and_old_ones_are_removed(tmp_path: Path):
    folder = tmp_path / "checkpoints"
    checkpoints = save_steps(folder, 5, 10, 100, 20, keep=2)
    state = checkpoints.load_newest()
    assert state is not None
    assert state["step"] == 100
    assert torch.equal(state["net"]["weight"], torch.full((3,), 100.0))
    assert names(folder) == ["latest", "step-00000020", "step-00000100"]
    assert checkpoint.newest_step(folder) == 100


def test_every_nth_is_never_removed(tmp_path: Path):
    checkpoints = checkpoint.Checkpoints(tmp_path, keep=2, keep_every=20)
    for step in range(0, 70, 10):
        checkpoints.save(step, make_state(step))
    kept = [name for name in names(tmp_path) if name.startswith("step-")]
    assert [int(name.removeprefix("step-")) for name in kept] == [0, 20, 40, 50, 60]


def test_the_pointer_names_the_one_written_last(tmp_path: Path):
    save_steps(tmp_path, 5, 10)
    assert (tmp_path / run_paths.LATEST_CHECKPOINT).read_text() == "step-00000010\n"


def test_a_new_run_has_no_checkpoint(tmp_path: Path):
    assert checkpoint.Checkpoints(tmp_path / "none", keep=1).load_newest() is None
    assert checkpoint.newest_step(tmp_path / "none") == 0


def flip_a_bit(path: Path) -> None:
    data = bytearray((path / "state.pt").read_bytes())
    data[len(data) // 2] ^= 1
    (path / "state.pt").write_bytes(data)


def cut(path: Path) -> None:
    data = (path / "state.pt").read_bytes()
    (path / "state.pt").write_bytes(data[: len(data) // 2])


CORRUPTIONS = [
    (flip_a_bit, r"step-00000010/state.pt: \d+ bytes do not match the sha256 in meta.json"),
    (cut, r"step-00000010/state.pt: \d+ bytes do not match the sha256 in meta.json"),
    (lambda path: (path / "state.pt").unlink(), "step-00000010/state.pt: No such file or directory"),
    (lambda path: (path / "meta.json").unlink(), "step-00000010/meta.json: No such file or directory"),
    (lambda path: (path / "meta.json").write_text("{"), "step-00000010/meta.json: is damaged"),
    (lambda path: (path / "meta.json").write_text("[]"), "step-00000010/meta.json: is damaged"),
]


@pytest.mark.parametrize(("corrupt", "message"), CORRUPTIONS)
def test_a_damaged_newest_one_is_named_and_skipped(
    corrupt: Callable[[Path], None], message: str, tmp_path: Path
):
    checkpoints = save_steps(tmp_path, 5, 10)
    corrupt(tmp_path / "step-00000010")
    named: list[str] = []
    state = checkpoints.load_newest(on_corruption=named.append)
    assert state is not None
    assert state["step"] == 5
    with pytest.raises(ValueError, match=message):
        raise ValueError(named[0])
    assert len(named) == 1


def test_a_damaged_one_is_replaced_when_its_step_is_saved_again(tmp_path: Path):
    checkpoints = save_steps(tmp_path, 5, 10)
    flip_a_bit(tmp_path / "step-00000010")
    checkpoints.save(10, make_state(10))
    state = checkpoints.load_newest()
    assert state is not None
    assert state["step"] == 10


def test_a_complete_one_is_not_written_again(tmp_path: Path):
    checkpoints = save_steps(tmp_path, 5, keep=1)
    before = (tmp_path / "step-00000005" / "state.pt").stat().st_mtime_ns
    checkpoints.save(5, make_state(6))
    assert (tmp_path / "step-00000005" / "state.pt").stat().st_mtime_ns == before


@pytest.mark.parametrize("call", range(1, 4))
def test_a_crash_while_saving_loses_only_the_new_one(
    call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    checkpoints = save_steps(tmp_path, 5, keep=1)
    write, calls = files.write_atomic, []

    def crash(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == call:
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(files, "write_atomic", crash)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(10, make_state(10))
    monkeypatch.undo()
    state = checkpoints.load_newest(on_corruption=pytest.fail)
    assert state is not None
    assert state["step"] == (10 if call == 3 else 5)
    checkpoints.save(15, make_state(15))
    assert names(tmp_path) == ["latest", "step-00000015"]


def test_no_code_is_run_from_a_checkpoint(tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("code of a checkpoint was run",))

    checkpoints = checkpoint.Checkpoints(tmp_path, keep=1)
    checkpoints.save(5, {"net": Evil()})
    assert json.loads((tmp_path / "step-00000005" / "meta.json").read_text())["step"] == 5
    with pytest.raises(pickle.UnpicklingError):
        checkpoints.load_newest()
