"""The Go Text Protocol, version 2, as seen from an engine: lines in, answers out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TextIO

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


Command = Callable[[Sequence[str]], str]
"""Takes the arguments, returns the answer, raises Failure or Quit."""


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
        return format_answer(False, line.id, f"internal error: {type(error).__name__}: {error}")


def serve(commands: Mapping[str, Command], lines: Iterable[str], output: TextIO) -> None:
    """Answers each line until quit or the end of the input."""
    for text in lines:
        line = parse(text)
        if line is None:
            continue
        try:
            output.write(answer(commands, line))
        except Quit:
            output.write(format_answer(True, line.id, ""))
            output.flush()
            return
        output.flush()
