"""Lines in, answers out: the cases of the GTP 2 specification, sections 2 and 3."""

import io

import pytest

from alphazero.engine import protocol

PARSED = [
    ("name", ("", "name", [])),
    ("play b D4", ("", "play", ["b", "D4"])),
    ("12 play b D4 # a comment", ("12", "play", ["b", "D4"])),
    ("\t 7\tplay\tw  pass \r\n", ("7", "play", ["w", "pass"])),
    ("na\x00me\x07\x7f", ("", "name", [])),
    ("99999999999999999999 quit", ("99999999999999999999", "quit", [])),
    ("7", ("7", "", [])),
    ("7a name", ("", "7a", ["name"])),
    ("٣ name", ("", "٣", ["name"])),
    ("", None),
    ("   \t", None),
    ("# only a comment", None),
    ("\x01\x02", None),
]


@pytest.mark.parametrize(("text", "expected"), PARSED)
def test_parse(text, expected):
    assert protocol.parse(text) == expected


ANSWERS = [
    (True, "", "", "= \n\n"),
    (True, "5", "GoGo", "=5 GoGo\n\n"),
    (False, "", "illegal move", "? illegal move\n\n"),
    (False, "5", "unknown command", "?5 unknown command\n\n"),
    (True, "", "first\n\n  second  \n\n", "= first\n  second\n\n"),
    (True, "8", "\n  1 .\n    A", "=8 \n  1 .\n    A\n\n"),
    (True, "", "\n\n", "= \n\n"),
]


@pytest.mark.parametrize(("is_success", "identifier", "text", "expected"), ANSWERS)
def test_format_answer(is_success, identifier, text, expected):
    assert protocol.format_answer(is_success, identifier, text) == expected


def fail(arguments):
    raise protocol.Failure(f"no {' '.join(arguments)}")


def crash(arguments):
    return str(1 // len(arguments))


def leave(arguments):
    raise protocol.Quit


COMMANDS = {"echo": " ".join, "fail": fail, "crash": crash, "quit": leave}


def test_a_session():
    output = io.StringIO()
    lines = ["1 echo a b", "", "# nothing", "2 fail x", "nonsense", "3", "4 crash", "5 quit", "echo late"]
    protocol.serve(COMMANDS, lines, output)
    assert output.getvalue() == (
        "=1 a b\n\n"
        "?2 no x\n\n"
        "? unknown command\n\n"
        "?3 unknown command\n\n"
        "?4 internal error: ZeroDivisionError: integer division or modulo by zero\n\n"
        "=5 \n\n"
    )


def test_the_end_of_the_input_ends_the_session():
    output = io.StringIO()
    protocol.serve(COMMANDS, ["echo a"], output)
    assert output.getvalue() == "= a\n\n"


def test_every_answer_is_flushed_before_the_next_line_is_read():
    events = []

    class Pipe(io.StringIO):
        def write(self, text):
            events.append(text)
            return len(text)

        def flush(self):
            events.append("flush")

    def lines():
        for number in (1, 2):
            events.append(f"read {number}")
            yield f"{number} echo"

    protocol.serve(COMMANDS, lines(), Pipe())
    assert events[:6] == ["read 1", "=1 \n\n", "flush", "read 2", "=2 \n\n", "flush"]
