"""Input lines: their ends, their largest length, and the end of the input."""

import os
import threading
import time

import pytest

from alphazero.engine import inbox

PIECES = [
    ([b"name\nversion\n"], ["name", "version"]),
    ([b"na", b"me", b"\n", b"quit"], ["name", "quit"]),
    ([b"a\r\nb\rc\n"], ["a\r", "b\rc"]),
    ([b"\n\n"], ["", ""]),
    ([b"\xff\xc3\n\xc3", b"\xa9\n"], ["\udcff\udcc3", "\xe9"]),
    ([], []),
]


@pytest.mark.parametrize(("pieces", "lines"), PIECES)
def test_split_lines(pieces, lines):
    waiting = iter([*pieces, b""])
    assert list(inbox.split_lines(lambda: next(waiting))) == lines


def test_a_line_without_an_end_fills_no_memory():
    waiting = iter([b"7 name "] + [b"x" * 100_000] * 50 + [b"\n8 name\n", b""])
    first, second = inbox.split_lines(lambda: next(waiting))
    assert first.startswith("7 name x") and len(first) == inbox.MOST_BYTES
    assert second == "8 name"


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield inbox.Inbox(reading), writing
    os.close(reading)


def wait_for(lines):
    deadline = time.monotonic() + 10
    while not lines.has_input():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_input_is_noticed_before_it_is_taken(pipe):
    lines, writing = pipe
    assert not lines.has_input()
    os.write(writing, b"name\nquit")
    wait_for(lines)
    assert lines.take() == "name"
    os.close(writing)
    wait_for(lines)
    assert lines.take() == "quit"
    assert [lines.take(), lines.take()] == [None, None], "the end stays the end"
    assert lines.has_input()


def test_unread_lines_block_the_controller(pipe):
    lines, writing = pipe

    def write():
        with os.fdopen(writing, "wb") as stream:
            for _ in range(200):
                stream.write(b"name\n" * 1000)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(0.3)
    assert writer.is_alive(), "the pipe is full"
    num_taken = 0
    while lines.take() is not None:
        num_taken += 1
    writer.join()
    assert num_taken == 200_000


def test_no_descriptor_is_an_end():
    assert inbox.Inbox(1_000_000).take() is None
