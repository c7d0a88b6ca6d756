"""GTP commands that set options, and a few commands of servers and other engines."""

import time
from collections.abc import Callable, Sequence

from alphazero.engine import engine_search, protocol, state
from alphazero.engine.commands import command_arguments

_LEAST_RESIGN_PERCENT, _MOST_RESIGN_PERCENT = -1, 50
_Setter = Callable[[state.State, str], None]


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands of this module.

    They come from Leela Zero (options), GNU Go (CPU time), KataGo (cache, stop), KGS and gomill.
    """
    return {
        "lz-setoption": lambda arguments: _set_option(session, arguments),
        "clear_cache": lambda _: _clear_cache(session),
        "stop": lambda _: _stop(session),
        "kgs-game_over": lambda _: _stop(session),
        "cputime": lambda _: f"{time.process_time():.3f}",
        "gomill-cpu_time": lambda _: f"{time.process_time():.3f}",
    }


def _set_option(session: state.State, arguments: Sequence[str]) -> str:
    """Sets an option by `name NAME value VALUE`, as in UCI. Without arguments it lists the options."""
    if not arguments:
        return _list_options(session)
    text = " ".join(arguments).lower()
    command_arguments.require(text.startswith("name ") and " value " in text)
    name, _, value = text.removeprefix("name ").partition(" value ")
    setter = _SETTERS.get(name.strip())
    if setter is None:
        raise protocol.CommandError(f"no such option: {name[:40]}")
    setter(session, value.strip())
    return ""


def _list_options(session: state.State) -> str:
    """Lists the options in the format of UCI, with the current values as defaults."""
    percent = -1 if session.resign_threshold is None else round(50 * (1 + session.resign_threshold))
    lines = [
        f"option name Pondering type check default {_truth(session.ponders)}",
        f"option name Visits type spin default {session.num_simulations or 0}"
        f" min 0 max {engine_search.MOST_SIMULATIONS}",
        f"option name Resign Percentage type spin default {percent}"
        f" min {_LEAST_RESIGN_PERCENT} max {_MOST_RESIGN_PERCENT}",
    ]
    return "\n" + "\n".join(lines)


def _set_pondering(session: state.State, value: str) -> None:
    command_arguments.require(value in ("true", "false"))
    session.ponders = value == "true"


def _set_visits(session: state.State, value: str) -> None:
    """Sets the simulations of a move; 0 restores the number from the start of the engine."""
    count = command_arguments.integer(value)
    command_arguments.require(count <= engine_search.MOST_SIMULATIONS)
    session.num_simulations = count or None


def _set_resign_percentage(session: state.State, value: str) -> None:
    """Sets the win rate below which the engine resigns; -1 for never."""
    percent = -1 if value == "-1" else command_arguments.integer(value)
    command_arguments.require(percent <= _MOST_RESIGN_PERCENT)
    session.resign_threshold = None if percent < 0 else percent / 50 - 1


_SETTERS: dict[str, _Setter] = {
    "pondering": _set_pondering,
    "visits": _set_visits,
    "resign percentage": _set_resign_percentage,
}


def _clear_cache(session: state.State) -> str:
    session.search.forget()
    return ""


def _stop(session: state.State) -> str:
    """Stops pondering until the next generated move. Other input only interrupts it."""
    session.stop_pondering()
    return ""


def _truth(value: bool) -> str:
    return "true" if value else "false"
