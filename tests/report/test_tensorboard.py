"""Events on a disk that is full for a while: they are lost, and nothing else."""

import pytest

from alphazero.report import tensorboard


class Disk:
    """Replaces TensorBoard's writers; the first error breaks each of them for good."""

    def __init__(self):
        self.is_full = False
        self.files = []

    def open(self, folder, flush_secs):
        file = File(self)
        self.files.append(file)
        return file


class File:
    def __init__(self, disk):
        self.disk, self.events, self.is_broken, self.is_closed = disk, [], False, False

    def add_event(self, event):
        self._check()
        self.events.append(event)

    def flush(self):
        self._check()

    def close(self):
        self.is_closed = True
        self._check()

    def _check(self):
        self.is_broken |= self.disk.is_full
        if self.is_broken:
            raise OSError(28, "No space left on device")


@pytest.fixture
def disk(monkeypatch):
    disk = Disk()
    monkeypatch.setattr(tensorboard.event_file_writer, "EventFileWriter", disk.open)
    return disk


def points(file):
    return [
        (value.tag, event.step, value.simple_value)
        for event in file.events
        for value in event.summary.value
        if value.tag.startswith("learner/")
    ]


def test_a_new_file_follows_one_that_broke(disk, tmp_path, caplog):
    now = [0.0]
    writer = tensorboard.Writer(tmp_path, 7, lambda: now[0])
    writer.add("learner", {"loss": 1.0, "waiting_for": "games"}, 8)
    disk.is_full = True
    for step in (9, 10):
        writer.add("learner", {"loss": 2.0}, step)
    disk.is_full = False
    writer.add("learner", {"loss": 3.0}, 11)  # too early for another attempt
    now[0] = 10.0
    writer.add("learner", {"loss": 4.0}, 12)
    writer.close()
    first, second = disk.files
    assert points(first) == [("learner/loss", 8, 1.0)] and first.is_closed
    assert points(second) == [("learner/loss", 12, 4.0)] and second.is_closed
    # A second event that hides points of earlier sessions would hide those of this session.
    assert [event.session_log.status for event in second.events if event.HasField("session_log")] == []
    assert [record.getMessage() for record in caplog.records] == [
        "events are not written for now: [Errno 28] No space left on device",
        "events are written again",
    ]


def test_a_session_that_starts_on_a_full_disk_gets_its_first_events_later(disk, tmp_path):
    disk.is_full = True
    now = [0.0]
    writer = tensorboard.Writer(tmp_path, 7, lambda: now[0])
    writer.close()
    disk.is_full = False
    now[0] = 10.0
    writer.add("learner", {"loss": 1.0}, 8)
    file = disk.files[-1]
    assert [event.step for event in file.events if event.HasField("session_log")] == [8]
    assert points(file) == [("learner/loss", 8, 1.0)]
