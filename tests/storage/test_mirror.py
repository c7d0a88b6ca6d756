"""Tests of the mirror: it holds the folder's files, is safe for readers, and survives failures."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alphazero import files, run_paths
from alphazero.evaluation import weight_files
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.storage import layout, mirror, stores
from tests.storage import runs


class Recorded:
    """A store that records all calls and fails if a test requests it."""

    def __init__(self, store: stores.Store) -> None:
        self._store = store
        self.name = store.name
        self.written: list[str] = []
        self.removed: list[str] = []
        self.calls = 0
        self.fails_at: int | None = None
        self.before_write: Callable[[str], None] = lambda name: None

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise stores.StoreError(f"{self.name}: no connection to the store")

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        self._count()
        return self._store.sizes(folder, deep=deep)

    def read(self, name: str) -> bytes:
        self._count()
        return self._store.read(name)

    def chunks(self, name: str) -> Iterator[bytes]:
        raise AssertionError("a mirror does not read large files back")

    def write(self, name: str, content: bytes | Path) -> None:
        self.before_write(name)
        self._count()
        self._store.write(name, content)
        self.written.append(name)

    def remove(self, name: str) -> None:
        self._count()
        self._store.remove(name)
        self.removed.append(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return runs.make(tmp_path / "run")


@pytest.fixture
def there(store: stores.Store) -> Recorded:
    return Recorded(store)


@pytest.fixture
def here(tmp_path: Path) -> Recorded:
    """A folder as a store, for tests that do not depend on the kind of store."""
    return Recorded(stores.Folder(tmp_path / "mirror"))


def make(
    folder: Path, store: Recorded, clock: Callable[[], float] = lambda: 0.0, **settings
) -> mirror.Mirror:
    return mirror.Mirror(runs.settings(**settings), folder, store, clock)


def expected(folder: Path) -> list[str]:
    """Names in a complete mirror: all files except games and older checkpoints."""
    old = f"checkpoints/{layout.checkpoint(10)[0].split('/')[1]}"
    return [name for name in runs.names(folder) if not name.startswith((old, "games/"))]


def test_everything_arrives_in_an_order_that_readers_can_trust(folder: Path, there: Recorded):
    one = make(folder, there)
    one.step()
    assert sorted(there.sizes()) == expected(folder)
    for name in expected(folder):
        assert there.read(name) == (folder / name).read_bytes()
    order = {name: number for number, name in enumerate(there.written)}
    assert len(order) == len(there.written), "something was sent twice"
    networks = promotion.Promotions(folder / run_paths.PROMOTED).all()
    for network in networks:
        files_of = [f"{run_paths.PROMOTED}/{path.name}" for path in (network.path, network.certificate_path)]
        assert order[files_of[0]] < order[files_of[1]] < order[f"{run_paths.PROMOTED}/latest.json"]
    state, meta = layout.checkpoint(20)
    assert order[state] < order[meta] < order["checkpoints/latest"]
    assert there.written[0] == run_paths.IDENTITY
    assert one.behind == 0


def test_what_is_there_is_not_sent_again(folder: Path, there: Recorded):
    make(folder, there).step()
    there.written.clear()
    for _ in range(2):
        make(folder, there).step(is_last=True)
    assert there.written == []
    runs.promote(folder, 7)
    one = make(folder, there)
    one.step()
    newest = promotion.Promotions(folder / run_paths.PROMOTED).all()[-1]
    assert there.written == [
        f"{run_paths.PROMOTED}/{name}"
        for name in (newest.path.name, newest.certificate_path.name, run_paths.LATEST_NETWORK)
    ]
    calls = there.calls
    one.step()
    assert there.calls - calls == 2, "without new files the store is only listed"
    one.step()


@pytest.mark.parametrize("corruption", ["half", "gone", "another certificate"])
def test_a_corrupt_mirror_is_repaired(folder: Path, there: Recorded, corruption: str):
    make(folder, there).step()
    network = promotion.Promotions(folder / run_paths.PROMOTED).all()[1]
    name = f"{run_paths.PROMOTED}/{network.path.name}"
    certificate = f"{run_paths.PROMOTED}/{network.certificate_path.name}"
    if corruption == "half":
        there.write(name, network.path.read_bytes()[:1000])
    elif corruption == "gone":
        there.remove(name)
    else:
        content = bytearray(network.certificate_path.read_bytes())
        content[-3] ^= 1
        there.write(certificate, bytes(content))
    there.written.clear()
    make(folder, there).step()
    assert there.written[:1] == [name]
    assert there.read(name) == network.path.read_bytes()
    assert there.read(certificate) == network.certificate_path.read_bytes()


def test_what_is_damaged_here_is_named_and_not_sent(
    folder: Path, here: Recorded, caplog: pytest.LogCaptureFixture
):
    one, two, three = promotion.Promotions(folder / run_paths.PROMOTED).all()
    one.path.write_bytes(one.path.read_bytes()[:-1])
    two.certificate_path.write_text("{half a certifi")
    state, _ = layout.checkpoint(20)
    (folder / state).write_bytes(b"half")
    passes = make(folder, here)
    for _ in range(2):
        passes.step(is_last=True)
    assert f"{run_paths.PROMOTED}/{three.certificate_path.name}" in here.written
    for path in (one.path, one.certificate_path, two.path, two.certificate_path):
        assert f"{run_paths.PROMOTED}/{path.name}" not in here.written
    assert state not in here.written
    assert "checkpoints/latest" not in here.written
    assert [record.getMessage() for record in caplog.records] == [
        f"mirror: not sent: {one.path}: its sha256 is not the one in {one.certificate_path.name}",
        f"mirror: not sent: {two.certificate_path}: is not a certificate",
        f"mirror: not sent: {folder / state}: its sha256 is not the one in meta.json",
    ]
    assert passes.behind == 4


def test_the_pointer_never_comes_before_what_it_points_to(folder: Path, here: Recorded):
    """A network is promoted while the last of the older ones is sent."""

    def promote(name: str) -> None:
        if name.endswith(".json") and "00003" in name:
            here.before_write = lambda name: None
            runs.promote(folder, 8)

    here.before_write = promote
    passes = make(folder, here)
    passes.step()
    assert f"{run_paths.PROMOTED}/{run_paths.LATEST_NETWORK}" not in here.written
    passes.step()
    assert json.loads(here.read(f"{run_paths.PROMOTED}/{run_paths.LATEST_NETWORK}"))["number"] == 4


def test_old_checkpoints_go_as_they_do_in_the_folder(folder: Path, there: Recorded):
    """The newest two are kept, and multiples of 50 for good."""
    passes = make(folder, there, state_minutes=0)
    for step in (30, 40, 50, 60, 70, 80):
        runs.save(folder, step)
        passes.step()
    assert layout.steps(there.sizes()) == [50, 70, 80]
    assert there.read("checkpoints/latest") == b"step-00000080\n"
    assert {layout.step_of(name) for name in there.removed} == {30, 40, 60}
    meta_and_state = [name.rpartition("/")[2] for name in there.removed]
    assert meta_and_state == ["meta.json", "state.pt"] * 3, "a meta.json is never without its state"
    make(folder, there).step(is_last=True)
    assert layout.steps(there.sizes()) == [50, 70, 80]


def test_checkpoints_wait_for_their_minutes_and_networks_do_not(folder: Path, here: Recorded):
    now = [1000.0]
    passes = make(folder, here, lambda: now[0], state_minutes=10)
    passes.step()
    runs.save(folder, 30)
    runs.promote(folder, 9)
    now[0] += 599
    passes.step()
    pointer = f"{run_paths.PROMOTED}/{run_paths.LATEST_NETWORK}"
    assert (layout.steps(here.sizes()), here.written[-1]) == ([20], pointer)
    now[0] += 1
    passes.step()
    assert layout.steps(here.sizes()) == [20, 30]
    runs.save(folder, 40)
    passes.step(is_last=True)
    assert layout.steps(here.sizes()) == [30, 40]


def test_games_go_before_the_checkpoint_if_they_are_wanted(folder: Path, here: Recorded):
    log = "games/actor-20261121T10.games"
    make(folder, here, games=True).step()
    assert here.written.index(log) < here.written.index(layout.checkpoint(20)[1])
    with (folder / log).open("ab") as file:
        file.write(b"one more")
    here.written.clear()
    make(folder, here, games=True).step()
    assert here.written == [log]
    assert here.read(log) == (folder / log).read_bytes()


def test_two_runs_do_not_share_a_mirror(folder: Path, there: Recorded, tmp_path: Path):
    make(folder, there).step()
    before = there.sizes()
    other = runs.make(tmp_path / "other", promoted=1, steps=(90,))
    with pytest.raises(ValueError, match=r"holds another run than .*other; choose another place") as raised:
        make(other, there).step()
    assert f"alphazero pull {there.name} EMPTY_FOLDER --run" in str(raised.value)
    assert there.sizes() == before
    assert not (other / run_paths.IDENTITY).exists()


@pytest.mark.parametrize("call", range(1, 25))
def test_a_mirror_that_ends_at_any_call_is_whole_for_readers(folder: Path, here: Recorded, call: int):
    here.fails_at = call
    passes = make(folder, here)
    _step_until_it_fails(passes)
    _check(here)
    passes.step()  # the same process continues
    assert sorted(here.sizes()) == expected(folder)
    here.fails_at, here.calls = call, 0
    again = make(folder, here)  # another process continues, too
    runs.save(folder, 30)
    runs.promote(folder, 5)
    _step_until_it_fails(again)
    _check(here)
    make(folder, here).step()
    _check(here)
    assert layout.steps(here.sizes()) == [20, 30]
    assert network_weights.plays(weight_files.load(here.name), 3)


def _step_until_it_fails(passes: mirror.Mirror) -> None:
    for _ in range(10):
        try:
            passes.step(is_last=True)
        except stores.StoreError:
            return
    pytest.fail("it never failed")


def _check(store: Recorded) -> None:
    """Asserts that the files of every certificate, meta.json and pointer are there."""
    sizes = store.sizes()
    for name in layout.certificates(sizes, run_paths.PROMOTED):
        promised = json.loads(store.read(name))
        assert files.sha256(store.read(f"{run_paths.PROMOTED}/{promised['file']}")) == promised["sha256"]
    if f"{run_paths.PROMOTED}/latest.json" in sizes:
        pointer = json.loads(store.read(f"{run_paths.PROMOTED}/latest.json"))
        assert f"{run_paths.PROMOTED}/{pointer['certificate']}" in sizes
    for step in layout.steps(sizes):
        state, meta = layout.checkpoint(step)
        assert files.sha256(store.read(state)) == json.loads(store.read(meta))["sha256"]
    if "checkpoints/latest" in sizes:
        assert layout.step_of(
            f"checkpoints/{store.read('checkpoints/latest').decode().strip()}/meta.json"
        ) in (layout.steps(sizes))


@pytest.mark.parametrize("content", [b"", b"[]", b'{"other": 1}'])
def test_a_mirror_with_a_damaged_identity_belongs_to_no_run(folder: Path, here: Recorded, content: bytes):
    here.write(run_paths.IDENTITY, content)
    with pytest.raises(ValueError, match="holds another run"):
        make(folder, here).step()


def test_files_that_vanish_on_their_way_are_no_failure(
    folder: Path, here: Recorded, caplog: pytest.LogCaptureFixture
):
    """The learner keeps two checkpoints and may remove one while a slow mirror sends it."""

    def remove(name: str) -> None:
        if name == layout.checkpoint(20)[0]:
            for file in layout.checkpoint(20):
                (folder / file).unlink()

    here.before_write = remove
    with caplog.at_level(logging.WARNING):
        make(folder, here).step()
    assert caplog.records == []
    assert layout.steps(here.sizes()) == []
    assert "checkpoints/latest" not in here.sizes()
