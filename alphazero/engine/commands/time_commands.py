"""GTP commands for time control: the protocol's own (GTP 2, section 4.2) and the KGS server's."""

from collections.abc import Sequence

from alphazero.engine import clocks, protocol, state
from alphazero.engine.commands import command_arguments

_KGS_NUMBERS = {"none": 0, "absolute": 1, "byoyomi": 3, "canadian": 3}
"""Time systems and how many numbers follow: main time, time of a period, number of stones or periods."""


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands that set and correct the session's clock."""
    clock = session.clock

    def set_limits(arguments: Sequence[str]) -> str:
        clock.set(_standard_limits(arguments))
        return ""

    def set_kgs_limits(arguments: Sequence[str]) -> str:
        clock.set(_kgs_limits(arguments))
        return ""

    def correct(arguments: Sequence[str]) -> str:
        command_arguments.require(len(arguments) == 3)
        seconds, count = command_arguments.seconds(arguments[1]), command_arguments.count(arguments[2])
        clock.correct(command_arguments.color(arguments[0]), seconds, count)
        return ""

    return {"time_settings": set_limits, "kgs-time_settings": set_kgs_limits, "time_left": correct}


def _standard_limits(arguments: Sequence[str]) -> clocks.TimeLimits | None:
    """Parses main time, time of a period and its stones. In GTP a period with 0 stones means no limit."""
    command_arguments.require(len(arguments) == 3)
    main_s, period_s = (command_arguments.seconds(argument) for argument in arguments[:2])
    stones = command_arguments.count(arguments[2])
    if period_s and not arguments[2].strip("0"):
        return None
    return _limits(main_s, period_s, stones)


def _kgs_limits(arguments: Sequence[str]) -> clocks.TimeLimits | None:
    """Parses a time system of KGS and its numbers. Only "none" means no limit."""
    command_arguments.require(bool(arguments))
    system, *rest = arguments
    command_arguments.require(_KGS_NUMBERS.get(system) == len(rest))
    if system == "none":
        return None
    main_s, period_s = (command_arguments.seconds(text) for text in (*rest[:2], "0")[:2])
    count = command_arguments.count(rest[2]) if len(rest) == 3 else 0
    return _limits(main_s, period_s, min(count, 1) if system == "byoyomi" else count)


def _limits(main_s: float, period_s: float, stones: int) -> clocks.TimeLimits:
    """Makes time limits. A period without time or stones counts as no overtime."""
    has_overtime = bool(period_s and stones)
    return clocks.TimeLimits(main_s, period_s * has_overtime, stones * has_overtime)
