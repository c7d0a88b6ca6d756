"""Messages reach the file and, from WARNING on, the terminal; a second set-up replaces the first."""

import logging
from pathlib import Path

import pytest

from alphazero.report import logs


@pytest.fixture(autouse=True)
def _root_logger_as_before():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)


def test_levels(tmp_path, capsys):
    path = tmp_path / "log.txt"
    logs.set_up(path)
    logs.set_up(path)
    logger = logging.getLogger("alphazero.somewhere")
    logger.debug("too fine")
    logger.info("a game ended")
    logger.warning("a frame is damaged")
    assert capsys.readouterr().err == "WARNING: a frame is damaged\n"
    lines = path.read_text().splitlines()
    assert [line.partition("alphazero.somewhere: ")[2] for line in lines] == [
        "a game ended",
        "a frame is damaged",
    ]


def test_worker_finds_the_file_by_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(logs.LOG_FILE_VARIABLE, str(tmp_path / "log.txt"))
    logs.set_up_worker()
    logging.getLogger("alphazero").info("hello")
    assert "hello" in (tmp_path / "log.txt").read_text()


def test_missing_folder_is_not_an_error(tmp_path, capsys):
    logs.set_up(tmp_path / "elsewhere" / "log.txt")
    logging.getLogger("alphazero").error("still seen")
    assert capsys.readouterr().err == "ERROR: still seen\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a full disk")
def test_a_full_disk_is_reported_once(capsys):
    logs.set_up("/dev/full")
    for number in range(5):
        logging.getLogger("alphazero.somewhere").info("a message %d", number)
    assert capsys.readouterr().err == "/dev/full cannot be written: No space left on device\n"
