"""GTP commands about time: the protocol's own (GTP 2, section 4.2) and the KGS server's."""

from collections.abc import Sequence

from alphazero.evaluation import gtp_arguments, gtp_clock, gtp_protocol

_KGS_NUMBERS = {"none": 0, "absolute": 1, "byoyomi": 3, "canadian": 3}
"""Names of time systems and how many numbers follow: main time, time of a period, stones or periods."""


def commands(clock: gtp_clock.Clock) -> dict[str, gtp_protocol.Command]:
    """The commands that set and correct this clock."""

    def set_limits(arguments: Sequence[str]) -> str:
        clock.set(_standard_limits(arguments))
        return ""

    def set_kgs_limits(arguments: Sequence[str]) -> str:
        clock.set(_kgs_limits(arguments))
        return ""

    def correct(arguments: Sequence[str]) -> str:
        gtp_arguments.require(len(arguments) == 3)
        seconds, count = (gtp_arguments.integer(argument) for argument in arguments[1:])
        clock.correct(gtp_arguments.color(arguments[0]), seconds, count)
        return ""

    return {"time_settings": set_limits, "kgs-time_settings": set_kgs_limits, "time_left": correct}


def _standard_limits(arguments: Sequence[str]) -> gtp_clock.Limits | None:
    """Main time, time of a period and its stones: a period without stones means no limit, says GTP."""
    gtp_arguments.require(len(arguments) == 3)
    main_s, period_s, stones = (gtp_arguments.integer(argument) for argument in arguments)
    if period_s and not stones:
        return None
    return _limits(main_s, period_s, stones)


def _kgs_limits(arguments: Sequence[str]) -> gtp_clock.Limits | None:
    """A time system of KGS and its numbers."""
    gtp_arguments.require(bool(arguments))
    system, *rest = arguments
    gtp_arguments.require(_KGS_NUMBERS.get(system) == len(rest))
    numbers = [gtp_arguments.integer(argument) for argument in rest]
    if system == "none":
        return None
    main_s, period_s, count = (*numbers, 0, 0)[:3]
    return _limits(main_s, period_s, min(count, 1) if system == "byoyomi" else count)


def _limits(main_s: int, period_s: int, stones: int) -> gtp_clock.Limits:
    """Without time or stones in it a period is none."""
    has_overtime = bool(period_s and stones)
    return gtp_clock.Limits(main_s, period_s * has_overtime, stones * has_overtime)
