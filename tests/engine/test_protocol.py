"""Input lines and answers: the cases of the GTP 2 specification, sections 2 and 3."""

import io

import pytest

from alphazero.engine import protocol
from tests.engine import sessions

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
    raise protocol.CommandError(f"no {' '.join(arguments)}")


def crash(arguments):
    return str(1 // len(arguments))


def leave(arguments):
    raise protocol.Quit


COMMANDS = protocol.Commands({"echo": " ".join, "fail": fail, "crash": crash, "quit": leave})


def serve(lines, commands=COMMANDS, patience=0):
    output = io.StringIO()
    protocol.serve(commands, sessions.Script(lines, patience), output)
    return output.getvalue()


def test_a_session():
    lines = ["1 echo a b", "", "# nothing", "2 fail x", "nonsense", "3", "4 crash", "5 quit", "echo late"]
    assert serve(lines) == (
        "=1 a b\n\n"
        "?2 no x\n\n"
        "? unknown command\n\n"
        "?3 unknown command\n\n"
        "?4 internal error: ZeroDivisionError: integer division or modulo by zero\n\n"
        "=5 \n\n"
    )


def test_the_end_of_the_input_ends_the_session():
    assert serve(["echo a"]) == "= a\n\n"


def test_every_answer_is_flushed_before_the_next_line_is_read():
    events = []

    class Pipe(io.StringIO):
        def write(self, text):
            events.append(text)
            return len(text)

        def flush(self):
            events.append("flush")

    class Lines(sessions.Script):
        def take(self):
            events.append("take")
            return super().take()

    protocol.serve(COMMANDS, Lines(["1 echo", "2 echo"]), Pipe())
    assert events == ["take", "=1 \n\n", "flush", "take", "=2 \n\n", "flush", "take"]


def count(arguments, stream):
    """Counts to its argument or until input arrives; fails without one, crashes if it is not a number."""
    if not arguments:
        raise protocol.CommandError("syntax error")
    if arguments == ["none"]:
        return
    stream.open()
    for number in range(int(arguments[0])):
        if stream.has_input():
            break
        stream.write(f"number {number}")


STREAMS = COMMANDS._replace(streamed={"count": count})


def test_a_streamed_answer_ends_with_one_empty_line(capsys):
    lines = ["1 count 2", "count 1", "2 count", "3 echo", "4 count none"]
    assert serve(lines, STREAMS, patience=9) == (
        "=1\nnumber 0\nnumber 1\n\n=\nnumber 0\n\n?2 syntax error\n\n=3 \n\n=4 \n\n"
    )
    assert serve(["7 count x", "8 echo"], STREAMS) == "=7\n\n=8 \n\n", "an open answer cannot fail"
    assert "ValueError" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["", "# a comment", "3 count 1", "nonsense"])
def test_any_input_ends_a_stream_and_is_then_answered(line):
    assert serve(["1 count 5", line], STREAMS, patience=2).startswith("=1\nnumber 0\nnumber 1\n\n")


def test_waiting_input_ends_a_stream_before_its_first_line():
    assert serve(["1 count 5", "2 echo"], STREAMS) == "=1\n\n=2 \n\n"


def test_the_idle_task_runs_between_commands():
    events = []

    def idle(has_input):
        while not has_input():
            events.append("idle")

    commands = COMMANDS._replace(answered={"tell": lambda _: events.append("tell") or ""}, idle=idle)
    serve(["tell", "tell"], commands, patience=2)
    assert events == ["idle", "tell", "idle", "tell", "idle"]


def test_an_error_between_commands_ends_nothing(capsys):
    def idle(has_input):
        raise IndexError("oops")

    assert serve(["1 echo"], COMMANDS._replace(idle=idle), patience=1) == "=1 \n\n"
    assert "IndexError: oops" in capsys.readouterr().err


def test_a_controller_that_has_left_is_noticed_in_a_stream():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        protocol.serve(STREAMS, sessions.Script(["count 5"], patience=9), Gone())
