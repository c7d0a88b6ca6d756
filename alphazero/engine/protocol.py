"""Engine side of the Go Text Protocol, version 2: lines in, answers out."""

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TextIO

# Control characters without a meaning; the tab counts as a space (GTP 2, section 3.1).
_DISCARDED = {code: None for code in [*range(32), 127] if code not in (9, 10)}


class CommandError(Exception):
    """A command failed. The exception's text is the answer after the question mark."""


class Quit(Exception):
    """The session ends. Nothing more is read."""


class CommandLine(NamedTuple):
    """One command as it was sent."""

    id: str
    """Digits that the answer repeats; empty if the command has none."""
    name: str
    arguments: list[str]


class Lines(Protocol):
    """Source of input lines, such as `inbox.Inbox`."""

    def has_input(self) -> bool:
        """Whether input is waiting: a line, even an empty one, or the end."""
        ...

    def take(self) -> str | None:
        """Returns the next line, None at the end."""
        ...


class AnswerStream:
    """Answer to one command that is written line by line while the command runs."""

    def __init__(self, identifier: str, output: TextIO, has_input: Callable[[], bool]) -> None:
        self.has_input = has_input
        """Whether the controller has sent input since the command began. Input ends an analysis."""
        self.is_open = False
        self._identifier = identifier
        self._output = output

    def open(self) -> None:
        """Begins the answer with a success. The command can fail only before this call."""
        self._output.write(f"={self._identifier}\n")
        self._output.flush()
        self.is_open = True

    def write(self, line: str) -> None:
        """Writes one line. It must not be empty, as an empty line ends the answer."""
        assert line.strip() and "\n" not in line
        self._output.write(f"{line}\n")
        self._output.flush()

    def close(self) -> None:
        """Ends the answer."""
        self._output.write("\n")
        self._output.flush()


Command = Callable[[Sequence[str]], str]
"""Takes the arguments and returns the answer. Raises CommandError or Quit."""
StreamCommand = Callable[[Sequence[str], AnswerStream], None]
"""Takes the arguments and an answer stream. Raises CommandError, or opens the stream and writes to it."""


def _do_nothing(has_input: Callable[[], bool]) -> None:
    pass


class Commands(NamedTuple):
    """Commands of an engine, and its task between them."""

    answered: Mapping[str, Command]
    streamed: Mapping[str, StreamCommand] = {}
    idle: Callable[[Callable[[], bool]], None] = _do_nothing
    """Called when no input is waiting. Returns soon after its argument, `has_input`, becomes true."""


def parse(text: str) -> CommandLine | None:
    """Parses one line of input; None for empty lines and comments."""
    words = text.translate(_DISCARDED).partition("#")[0].split()
    if not words:
        return None
    identifier = words.pop(0) if words[0].isascii() and words[0].isdigit() else ""
    name, *arguments = words or [""]
    return CommandLine(identifier, name, arguments)


def format_answer(is_success: bool, identifier: str, text: str) -> str:
    """Formats the answer to a command as it is written.

    A `text` that begins with a line feed starts below the mark, so that its columns align. Other empty
    lines are dropped, as an empty line would end the answer early.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    body = "\n".join(line for line in lines if line)
    start = "\n" if text.startswith("\n") and body else ""
    return f"{'=' if is_success else '?'}{identifier} {start}{body}\n\n"


def answer(commands: Mapping[str, Command], line: CommandLine) -> str:
    """Runs a command and returns the formatted answer.

    An unexpected exception fails only this command, as a bug must not end a game.
    """
    command = commands.get(line.name)
    if command is None:
        return format_answer(False, line.id, "unknown command")
    try:
        return format_answer(True, line.id, command(line.arguments))
    except CommandError as failure:
        return format_answer(False, line.id, str(failure))
    except Quit:
        raise
    except Exception as error:
        return format_answer(False, line.id, _describe(error))


def serve(commands: Commands, lines: Lines, output: TextIO) -> None:
    """Answers the lines in order, until `quit` or the end of the input."""
    while True:
        if not lines.has_input():
            _run_idle_task(commands, lines)
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
    """Prints to stderr, for users and for programs that read it. A closed stderr is not an error."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _answer_in_stream(command: StreamCommand, line: CommandLine, lines: Lines, output: TextIO) -> None:
    """Runs a command that writes its own answer. The answer always ends with one empty line."""
    stream = AnswerStream(line.id, output, lines.has_input)
    reason = ""
    try:
        command(line.arguments, stream)
    except CommandError as failure:
        reason = str(failure)
    except BrokenPipeError:
        raise
    except Exception as error:
        reason = _describe(error)
    if stream.is_open:
        stream.close()
        # The answer has begun as a success, so an error can only go to stderr.
        if reason:
            tell(reason)
    else:
        output.write(format_answer(not reason, line.id, reason))
        output.flush()


def _run_idle_task(commands: Commands, lines: Lines) -> None:
    try:
        commands.idle(lines.has_input)
    except Exception as error:
        tell(_describe(error))


def _describe(error: Exception) -> str:
    return f"internal error: {type(error).__name__}: {error}"
