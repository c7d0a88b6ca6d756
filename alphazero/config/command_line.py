"""Command lines of the programs: a user's mistake is one line and exit code 2."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn

INTERRUPTED = "interrupted; run the same command again"


class Parser(argparse.ArgumentParser):
    """An argparse parser with errors of one line and without abbreviated options."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Ends the program; `message` names the argument, its value and what is allowed."""
        one_line = " ".join(message.split())
        self.exit(2, f"{self.prog}: {one_line}\n")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A converter for arguments: an integer from `least` to `most`."""

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number from {least} to {most}")
        return number

    return convert


def add_simulations(
    parser: argparse.ArgumentParser, *, most: int, default: int | None = None, meaning: str = "per move"
) -> None:
    """Adds the option `--simulations` and its other name `--visits`; giving both is an error.

    The result is `simulations`: an integer from 1 to `most`, or `default`. meaning: the help text.
    """
    # argparse overlooks an option of an exclusive group whose value is the option's own default.
    parser.set_defaults(simulations=default)
    names = parser.add_mutually_exclusive_group()
    for name, text in (("--simulations", meaning), ("--visits", "the same as --simulations")):
        kind = whole_number(1, most)
        names.add_argument(name, dest="simulations", type=kind, default=argparse.SUPPRESS, help=text)


def number(least: float, most: float) -> Callable[[str], float]:
    """A converter for arguments: a number from `least` to `most`."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: must be a number from {least:g} to {most:g}")
        return value

    return convert


def exit_code(work: Callable[[], None]) -> int:
    """Runs `work` and returns the exit code: 0 done, 1 failed, 2 the user's mistake, 130 interrupted.

    An error is printed as one line on stderr. `work` saves before it ends.
    """
    try:
        work()
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 130
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        return 1
    except (RuntimeError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
