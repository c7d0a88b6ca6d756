"""The Go Text Protocol, version 2, as seen from an engine: lines in, answers out."""

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TextIO

# Control characters without a meaning; the tab counts as a space (GTP 2, section 3.1).
_DISCARDED = {code: None for code in [*range(32), 127] if code not in (9, 10)}


class Failure(Exception):
    """A command that cannot be carried out; its text is the answer after the question mark."""


class Quit(Exception):
    """Raised by the command that ends the session, after which nothing more is read."""


class Line(NamedTuple):
    """One command as it was sent."""

    id: str
    """Digits to be repeated in the answer, empty when none were sent."""
    name: str
    arguments: list[str]


class Lines(Protocol):
    """Where commands come from, as `inbox.Inbox`."""

    def has_input(self) -> bool:
        """Whether something waits to be taken, be it an empty line or the end."""
        ...

    def take(self) -> str | None:
        """The next line, None at the end."""
        ...


class Stream:
    """The answer to one command, written line by line while the command runs."""

    def __init__(self, identifier: str, output: TextIO, has_input: Callable[[], bool]) -> None:
        self.has_input = has_input
        """Whether the controller has written something since: an analysis ends then."""
        self.is_open = False
        self._identifier = identifier
        self._output = output

    def open(self) -> None:
        """Says that the command succeeds; before that it may still fail."""
        self._output.write(f"={self._identifier}\n")
        self._output.flush()
        self.is_open = True

    def write(self, line: str) -> None:
        """One line that is not empty: an empty one is the end."""
        assert line.strip() and "\n" not in line
        self._output.write(f"{line}\n")
        self._output.flush()

    def close(self) -> None:
        """Ends the answer."""
        self._output.write("\n")
        self._output.flush()


Command = Callable[[Sequence[str]], str]
"""Takes the arguments, returns the answer, raises Failure or Quit."""
StreamCommand = Callable[[Sequence[str], Stream], None]
"""Takes the arguments, raises Failure or opens the stream and writes to it; returning is the end."""


def _do_nothing(has_input: Callable[[], bool]) -> None:
    pass


class Commands(NamedTuple):
    """What an engine can do."""

    answered: Mapping[str, Command]
    streamed: Mapping[str, StreamCommand] = {}
    idle: Callable[[Callable[[], bool]], None] = _do_nothing
    """Called where no input waits; returns soon after its argument begins to say that some does."""


def parse(text: str) -> Line | None:
    """The command in one line of input; None for empty lines and comments."""
    words = text.translate(_DISCARDED).partition("#")[0].split()
    if not words:
        return None
    identifier = words.pop(0) if words[0].isascii() and words[0].isdigit() else ""
    name, *arguments = words or [""]
    return Line(identifier, name, arguments)


def format_answer(is_success: bool, identifier: str, text: str) -> str:
    """The answer to a command, ready to be written.

    A `text` that begins with a new line leaves the first line to the mark, so that columns align.
    Other empty lines are dropped: one would end the answer early.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    body = "\n".join(line for line in lines if line)
    start = "\n" if text.startswith("\n") and body else ""
    return f"{'=' if is_success else '?'}{identifier} {start}{body}\n\n"


def answer(commands: Mapping[str, Command], line: Line) -> str:
    """Carries a command out and returns what to write.

    A mistake of ours becomes a failure of this one command: a game under way must not end by it.
    """
    command = commands.get(line.name)
    if command is None:
        return format_answer(False, line.id, "unknown command")
    try:
        return format_answer(True, line.id, command(line.arguments))
    except Failure as failure:
        return format_answer(False, line.id, str(failure))
    except Quit:
        raise
    except Exception as error:
        return format_answer(False, line.id, _describe(error))


def serve(commands: Commands, lines: Lines, output: TextIO) -> None:
    """Answers each line until quit or the end of the input, one after the other."""
    while True:
        if not lines.has_input():
            _wait_busily(commands, lines)
        text = lines.take()
        if text is None:
            return
        line = parse(text)
        if line is None:
            continue
        if line.name in commands.streamed:
            _answer_in_stream(commands.streamed[line.name], line, lines, output)
            continue
        try:
            output.write(answer(commands.answered, line))
        except Quit:
            output.write(format_answer(True, line.id, ""))
            return
        finally:
            output.flush()


def tell(text: str) -> None:
    """Prints on stderr, for people and for programs that look there; nobody has to read it."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _answer_in_stream(command: StreamCommand, line: Line, lines: Lines, output: TextIO) -> None:
    """Carries out a command that writes for itself; its answer ends with one empty line in any case."""
    stream = Stream(line.id, output, lines.has_input)
    complaint = ""
    try:
        command(line.arguments, stream)
    except Failure as failure:
        complaint = str(failure)
    except BrokenPipeError:
        raise
    except Exception as error:
        complaint = _describe(error)
    if stream.is_open:
        stream.close()
        # What has begun as a success cannot fail any more.
        if complaint:
            tell(complaint)
    else:
        output.write(format_answer(not complaint, line.id, complaint))
        output.flush()


def _wait_busily(commands: Commands, lines: Lines) -> None:
    try:
        commands.idle(lines.has_input)
    except Exception as error:
        tell(_describe(error))


def _describe(error: Exception) -> str:
    return f"internal error: {type(error).__name__}: {error}"
