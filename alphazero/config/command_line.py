"""Command lines of the front doors that take flags: a user's mistake is one line and exit code 2."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are one line, and whose options cannot be abbreviated."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Ends the program; `message` says which argument, which value, what is allowed."""
        one_line = " ".join(message.split())
        self.exit(2, f"{self.prog}: {one_line}\n")


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A type of argument: an integer from `least` to `most`."""

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number from {least} to {most}")
        return number

    return convert


def number(least: float, most: float) -> Callable[[str], float]:
    """A type of argument: a number from `least` to `most`."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text}: must be a number from {least:g} to {most:g}")
        return value

    return convert
