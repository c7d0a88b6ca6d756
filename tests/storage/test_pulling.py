"""Tests of pulling: all files are verified, and an interruption leaves complete files or none."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from alphazero import files, run_paths
from alphazero.evaluation import weight_files
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.storage import mirror, pulling, stores
from tests.storage import faults, runs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return runs.make(tmp_path / "run")


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "dest"


@pytest.fixture
def mirrored(folder: Path, store: stores.Store) -> stores.Store:
    mirror.Mirror(runs.settings(), folder, store).step()
    return store


@pytest.fixture
def in_s3(folder: Path, bucket: str) -> str:
    mirror.Mirror(runs.settings(), folder, stores.open_place("SOURCE", bucket)).step()
    return bucket


class Pull:
    """The puller of one process, and its messages."""

    def __init__(self, source: stores.Store, dest: Path, **options) -> None:
        self.said: list[str] = []
        self.reasons: list[str] = []
        self.puller = pulling.Puller(
            source, dest, say=self.said.append, complain=self.reasons.append, **options
        )

    def __call__(self) -> bool:
        return self.puller.copy(self.puller.find_certificates())


def networks(folder: Path) -> list[promotion.Promoted]:
    return promotion.Promotions(folder / run_paths.PROMOTED).all()


def check(dest: Path, folder: Path, numbers=(1, 2, 3)) -> None:
    """Asserts that DEST holds exactly these networks of the run, complete and loadable."""
    wanted = [network for network in networks(folder) if network.number in numbers]
    both = [path for network in wanted for path in (network.path, network.certificate_path)]
    for path in both:
        assert (dest / path.name).read_bytes() == path.read_bytes()
    assert runs.names(dest) == sorted([*(path.name for path in both), "latest.json"])
    assert json.loads((dest / "latest.json").read_text())["file"] == wanted[-1].path.name
    assert network_weights.plays(weight_files.load(dest), 3)


def test_a_mirror_gives_what_was_mirrored(mirrored: stores.Store, folder: Path, dest: Path):
    pull = Pull(mirrored, dest)
    assert pull()
    check(dest, folder)
    assert pull.said == [str(dest / network.path.name) for network in networks(folder)]
    again = Pull(mirrored, dest)
    assert again()
    assert again.said == [f"{line} is there already" for line in pull.said]
    assert pull.reasons == again.reasons == []


@pytest.mark.parametrize("is_below", [False, True])
def test_the_newest(mirrored: stores.Store, folder: Path, dest: Path, is_below: bool):
    place = f"{mirrored.name}/{run_paths.PROMOTED}" if is_below else mirrored.name
    assert Pull(stores.open_place("SOURCE", place), dest, latest_only=True)()
    check(dest, folder, [3])


def test_corruption_in_the_source_is_named(mirrored: stores.Store, folder: Path, dest: Path):
    """Half a file, another file, no file, no certificate: the other networks are copied."""
    for seed in range(3, 6):
        runs.promote(folder, seed)
    mirror.Mirror(runs.settings(), folder, mirrored).step()
    half, other, lost, cut, *_ = networks(folder)
    mirrored.write(f"{run_paths.PROMOTED}/{half.path.name}", half.path.read_bytes()[:500])
    mirrored.write(f"{run_paths.PROMOTED}/{other.path.name}", half.path.read_bytes())
    mirrored.remove(f"{run_paths.PROMOTED}/{lost.path.name}")
    mirrored.write(f"{run_paths.PROMOTED}/{cut.certificate_path.name}", b'{"file":')
    mirrored.write(f"{run_paths.PROMOTED}/00009-12345678.txt.gz", b"its certificate is on its way")
    pull = Pull(mirrored, dest)
    assert not pull()
    place = f"{mirrored.name}/{run_paths.PROMOTED}"
    assert [line.replace(": it is not", ": is not") for line in pull.reasons] == [
        f"{place}/{half.path.name}: its sha256 is not the one in {half.certificate_path.name}",
        f"{place}/{other.path.name}: its sha256 is not the one in {other.certificate_path.name}",
        f"{place}/{lost.path.name}: is not there",
        f"{place}/{cut.certificate_path.name}: is not a certificate",
    ]
    check(dest, folder, [5, 6])
    assert not pull(), "a damaged network still counts as a failure"
    assert len(pull.reasons) == 4


@pytest.mark.parametrize("name", ["../../evil.txt.gz", "/tmp/evil.txt.gz", "00001-00000000.txt.gz"])
def test_a_certificate_does_not_choose_the_file(dest: Path, tmp_path: Path, name: str):
    source = stores.Folder(tmp_path / "source")
    source.write("00001-abcdef01.json", json.dumps({"file": name, "sha256": "abcdef01" * 8}).encode())
    pull = Pull(source, dest)
    assert not pull()
    assert pull.reasons[0].endswith("its file and sha256 do not belong to its name")
    assert not dest.exists()


def test_corruption_in_the_destination_is_repaired(mirrored: stores.Store, folder: Path, dest: Path):
    Pull(mirrored, dest)()
    one, two, three = networks(folder)
    (dest / one.path.name).write_bytes(one.path.read_bytes()[:-1])
    (dest / two.certificate_path.name).write_bytes(b"{")
    (dest / ".00003.12345678.part").write_bytes(b"left by a process that was killed")
    before = (dest / three.path.name).stat().st_mtime_ns
    assert Pull(mirrored, dest)()
    check(dest, folder)
    assert (dest / three.path.name).stat().st_mtime_ns == before


@pytest.mark.parametrize(("after", "cuts"), [(0, 2), (2_000, 4), (10_000, 3)])
def test_connections_that_are_cut(
    in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path, after: int, cuts: int
):
    """Connections are cut before an answer, early in it, and in the middle of a network."""
    proxy.cut_after, proxy.cuts = after, cuts
    assert Pull(stores.open_place("SOURCE", in_s3), dest)()
    assert proxy.times_cut == cuts
    check(dest, folder)


def test_a_line_that_is_always_cut(in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path):
    proxy.cut_after, proxy.cuts = 2_000, 1_000_000
    began = time.monotonic()
    with pytest.raises(stores.StoreError, match="the connection was cut"):
        Pull(stores.open_place("SOURCE", in_s3), dest)()
    assert time.monotonic() - began < 20
    assert proxy.times_cut < 50
    assert runs.names(dest) == []
    proxy.cuts = 0
    assert Pull(stores.open_place("SOURCE", in_s3), dest)()
    check(dest, folder)


def test_a_busy_server(in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path):
    proxy.errors = 5
    source = stores.open_place("SOURCE", in_s3)
    with pytest.raises(stores.StoreError, match="the store answers 503"):
        Pull(source, dest)()
    proxy.errors = 2
    assert Pull(source, dest)()
    check(dest, folder)


def test_two_at_once(mirrored: stores.Store, folder: Path, dest: Path):
    """Both copy the same networks; neither removes the other's temporary files."""
    for seed in range(3, 5):
        runs.promote(folder, seed)
    mirror.Mirror(runs.settings(), folder, mirrored).step()
    pulls = [Pull(stores.open_place("SOURCE", mirrored.name), dest) for _ in range(3)]
    results: list[object] = []

    def work(pull: Pull) -> None:
        try:
            results.append(pull())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=work, args=(pull,)) for pull in pulls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 3
    check(dest, folder, range(1, 6))


def start(project: Path, *arguments: object, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "alphazero.pull", *map(str, arguments)]
    # Background jobs of a shell ignore SIGINT, and their children inherit that.
    options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    return subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.slow
def test_a_pull_that_is_killed_is_taken_up_again(
    in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path, project: Path
):
    proxy.pause_s = 0.3  # for each 4 kB
    with start(project, in_s3, dest) as process:
        try:
            deadline = time.monotonic() + 60
            while not list(dest.glob(".*.part")):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    (leftover,) = runs.names(dest)
    assert leftover.startswith(".00001-") and leftover.endswith(".part")
    proxy.pause_s = 0
    with start(project, in_s3, dest) as process:
        assert process.wait(60) == 0
    check(dest, folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["limit", "tmpfs"])
def test_a_full_disk_at_the_destination(in_s3: str, folder: Path, dest: Path, project: Path, kind: str):
    """One network fits, two do not."""
    size = max(network.path.stat().st_size for network in networks(folder))
    options = {}
    if kind == "limit":
        import resource

        options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))
    else:
        dest.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size + size // 2}", "none", str(dest)]
        try:
            subprocess.run(mount, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root may mount a small disk")
    try:
        with start(project, in_s3, dest, **options) as process:
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert errors.count("\n") == 1
        assert errors.startswith(f"pull: {dest}"), errors
        left = runs.names(dest)
        assert not [name for name in left if name.startswith(".")]
        for name in left:
            if name.endswith(run_paths.WEIGHTS_SUFFIXES):
                assert files.sha256_of(dest / name).startswith(name[6:14])
    finally:
        if kind == "tmpfs":
            subprocess.run(["umount", str(dest)], check=True)
    with start(project, in_s3, dest) as process:
        assert process.wait(60) == 0
    check(dest, folder)


class EndOfTest(Exception):
    """Ends a watch."""


def test_watching(in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path):
    """Each network is copied once, each outage reported once, and the watch goes on."""
    pull = Pull(stores.open_place("SOURCE", in_s3), dest)
    store = stores.open_place("SOURCE", in_s3)
    passes = mirror.Mirror(runs.settings(), folder, store)

    def promote() -> None:
        runs.promote(folder, 6)
        passes.step()

    steps = iter(
        [
            lambda: None,
            promote,
            lambda: setattr(proxy, "is_down", True),
            lambda: None,
            lambda: setattr(proxy, "is_down", False),
            lambda: None,
            lambda: setattr(proxy, "is_down", True),
        ]
    )

    def sleep(seconds: float) -> None:
        assert seconds == 30
        step = next(steps, None)
        if step is None:
            raise EndOfTest
        step()

    with pytest.raises(EndOfTest):
        pulling.watch(pull.puller, 30, pull.reasons.append, sleep)
    proxy.is_down = False
    assert pull.said == [str(dest / network.path.name) for network in networks(folder)]
    assert len(pull.said) == 4
    assert len(pull.reasons) == 2
    assert all(line.endswith("; waiting") for line in pull.reasons)


def test_watching_a_source_that_is_not_there_yet(folder: Path, dest: Path, tmp_path: Path):
    source = stores.Folder(tmp_path / "later")
    pull = Pull(source, dest, latest_only=True)
    sleeps = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) == 3:
            mirror.Mirror(runs.settings(), folder, source).step()
        if len(sleeps) == 5:
            raise EndOfTest

    with pytest.raises(EndOfTest):
        pulling.watch(pull.puller, 2, pull.reasons.append, sleep)
    assert pull.reasons == ["no promoted networks there yet; waiting"]
    check(dest, folder, [3])


@pytest.mark.slow
def test_watching_ends_by_ctrl_c(in_s3: str, proxy: faults.Proxy, folder: Path, dest: Path, project: Path):
    with start(project, in_s3, dest, "--watch", "--interval", "1") as process:
        try:
            for _ in range(3):
                assert process.stdout is not None and process.stdout.readline().endswith(".gz\n")
            proxy.pause_s = 5  # also in the middle of a request
            os.kill(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, "")
    check(dest, folder)
