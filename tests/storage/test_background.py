"""Tests of mirroring in the background: its failures are logged and do not disturb the run."""

import logging
import random
import threading
import time
from pathlib import Path

import pytest

from alphazero import run_paths
from alphazero.storage import background, layout, mirror, stores
from tests.storage import faults, runs

QUICK = 0.01


class Scripted:
    """A mirror whose passes end with given errors or without."""

    def __init__(self, *errors: Exception | None) -> None:
        self._errors = list(errors)
        self.behind = 3
        self.sent = 0
        self.last: list[bool] = []

    def step(self, *, is_last: bool, should_stop) -> None:
        self.last.append(is_last)
        error = self._errors.pop(0) if self._errors else None
        if error is not None:
            raise error
        self.behind, self.sent = 0, 3


def played(scripted: Scripted, num_passes: int) -> tuple[background.Background, list[float], list[dict]]:
    """Runs `num_passes` passes; returns the pauses between them and the metrics after each."""
    pauses: list[float] = []
    metrics: list[dict] = []

    def wait(stopping: threading.Event, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == num_passes:
            stopping.set()

    beside = background.Background(scripted, "s3://bucket/x", random.Random(1), wait)
    beside.run(metrics.append)
    return beside, pauses, metrics


def test_an_outage_gives_two_warnings(caplog: pytest.LogCaptureFixture):
    errors = [stores.StoreError("s3://bucket/x: no connection to the store") for _ in range(12)]
    with caplog.at_level(logging.INFO):
        _, pauses, metrics = played(Scripted(None, *errors, None, None), 15)
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told == [
        (
            "WARNING",
            "mirror: s3://bucket/x: no connection to the store; the run goes on, and so do the attempts",
        ),
        ("WARNING", "mirror: s3://bucket/x: works again after 0 min"),
    ]
    assert pauses[0] == pauses[-1] == 5
    assert all(2.5 * 2**n <= pause <= 5 * 2**n for n, pause in enumerate(pauses[1:7]))
    assert all(150 <= pause <= 300 for pause in pauses[7:13])
    assert len(set(pauses[7:13])) > 1, "many runs would come back at the same moment"
    assert [one["behind"] for one in metrics] == [0] * 15
    assert metrics[3]["last"] == "s3://bucket/x: up to date, not reached for 0 min"
    assert metrics[-1]["last"] == "s3://bucket/x: up to date"


def test_what_is_missing_is_counted(caplog: pytest.LogCaptureFixture):
    _, _, metrics = played(Scripted(OSError(28, "No space left on device", "/mirror/x")), 2)
    assert metrics[0]["last"] == "s3://bucket/x: 3 files behind, not reached for 0 min"
    assert [one["behind"] for one in metrics] == [3, 0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("mirror.uri=x: holds another run"), "off: mirror.uri=x: holds another run"),
        (KeyError("a mistake of ours"), "off: see log.txt"),
    ],
)
def test_permanent_errors_end_the_mirror_and_not_the_run(
    caplog: pytest.LogCaptureFixture, error: Exception, said: str
):
    scripted = Scripted(None, error)
    beside, _, metrics = played(scripted, 5)
    beside.finish()
    assert len(scripted.last) == 2
    assert [one["last"] for one in metrics[1:]] == [said] * 4
    assert len(caplog.records) == 1


def test_the_last_pass_waits_for_nothing():
    scripted = Scripted(None, None)
    beside, _, _ = played(scripted, 2)
    beside.finish()
    assert scripted.last == [False, False, True]


@pytest.mark.slow
def test_a_server_that_goes_and_comes_back(
    bucket: str, proxy: faults.Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder = runs.make(tmp_path / "run")
    store = stores.open_place("mirror.uri", bucket)
    passes = mirror.Mirror(runs.settings(bucket, state_minutes=0), folder, store)
    beside = background.Background(
        passes, bucket, random.Random(), lambda stopping, seconds: stopping.wait(QUICK)
    )
    thread = threading.Thread(target=beside.run)
    thread.start()
    try:
        _wait_until(lambda: beside.metrics["behind"] == 0 and "up to date" in str(beside.metrics["last"]))
        proxy.is_down = True
        runs.promote(folder, 5)
        runs.save(folder, 30)
        _wait_until(
            lambda: float(beside.metrics["behind"]) >= 2 and "not reached" in str(beside.metrics["last"])
        )
        proxy.is_down = False
        _wait_until(lambda: beside.metrics["last"] == f"{bucket}: up to date")
        runs.save(folder, 40)
    finally:
        beside.finish()
        thread.join()
    assert layout.steps(store.sizes()) in ([30, 40], [20, 40])
    assert len(layout.certificates(store.sizes(), run_paths.PROMOTED)) == 4
    assert len(caplog.records) == 2


def _wait_until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(QUICK)


def test_uploads_that_are_cut_are_made_again(bucket: str, proxy: faults.Proxy, tmp_path: Path):
    """The server executes the request, and its answer is lost."""
    folder = runs.make(tmp_path / "run")
    store = stores.open_place("mirror.uri", bucket)
    passes = mirror.Mirror(runs.settings(bucket), folder, store)
    proxy.cut_after, proxy.cuts = 0, 8
    failures = 0
    while proxy.cuts > 0:
        try:
            passes.step()
        except stores.StoreError:
            failures += 1
    passes.step()
    assert proxy.times_cut == 8 and failures
    assert passes.behind == 0
    assert store.read(layout.checkpoint(20)[0]) == (folder / layout.checkpoint(20)[0]).read_bytes()


def test_a_start_refuses_a_wrong_mirror_and_no_other(
    tmp_path: Path, bucket: str, proxy: faults.Proxy, caplog: pytest.LogCaptureFixture
):
    one, two = runs.make(tmp_path / "one"), runs.make(tmp_path / "two")
    background.check(runs.settings(bucket), one)
    background.check(runs.settings(bucket), one)
    with pytest.raises(ValueError, match="holds another run"):
        background.check(runs.settings(bucket), two)
    proxy.is_down = True
    background.check(runs.settings(bucket), two)
    assert len(caplog.records) == 1
    assert not (two / run_paths.IDENTITY).exists()
