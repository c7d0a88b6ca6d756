"""GTP commands that set options, and small ones of servers and other programs."""

import time
from collections.abc import Callable, Sequence

from alphazero.engine import protocol, state, thinking, words

_LEAST_RESIGN_PERCENT, _MOST_RESIGN_PERCENT = -1, 50
_Setter = Callable[[state.State, str], None]


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Leela Zero's options, GNU Go's clock, KataGo's cache and KGS's end of a game."""
    return {
        "lz-setoption": lambda arguments: _set_option(session, arguments),
        "clear_cache": lambda _: _clear_cache(session),
        "stop": lambda _: _stop(session),
        "kgs-game_over": lambda _: _stop(session),
        "cputime": lambda _: f"{time.process_time():.3f}",
        "gomill-cpu_time": lambda _: f"{time.process_time():.3f}",
    }


def _set_option(session: state.State, arguments: Sequence[str]) -> str:
    """`name NAME value VALUE`, in the words of UCI; without arguments the list of names."""
    if not arguments:
        return _list_options(session)
    text = " ".join(arguments).lower()
    words.require(text.startswith("name ") and " value " in text)
    name, _, value = text.removeprefix("name ").partition(" value ")
    setter = _SETTERS.get(name.strip())
    if setter is None:
        raise protocol.Failure(f"no such option: {name[:40]}")
    setter(session, value.strip())
    return ""


def _list_options(session: state.State) -> str:
    """Values by default are those of now."""
    percent = -1 if session.resign_threshold is None else round(50 * (1 + session.resign_threshold))
    lines = [
        f"option name Pondering type check default {_truth(session.ponders)}",
        f"option name Visits type spin default {session.num_simulations or 0}"
        f" min 0 max {thinking.MOST_SIMULATIONS}",
        f"option name Resign Percentage type spin default {percent}"
        f" min {_LEAST_RESIGN_PERCENT} max {_MOST_RESIGN_PERCENT}",
    ]
    return "\n" + "\n".join(lines)


def _set_pondering(session: state.State, value: str) -> None:
    words.require(value in ("true", "false"))
    session.ponders = value == "true"


def _set_visits(session: state.State, value: str) -> None:
    """Simulations a move; 0 for as many as the engine was started with."""
    count = words.integer(value)
    words.require(count <= thinking.MOST_SIMULATIONS)
    session.num_simulations = count or None


def _set_resign_percentage(session: state.State, value: str) -> None:
    """Resigns below this win rate, never at -1."""
    percent = -1 if value == "-1" else words.integer(value)
    words.require(percent <= _MOST_RESIGN_PERCENT)
    session.resign_threshold = None if percent < 0 else percent / 50 - 1


_SETTERS: dict[str, _Setter] = {
    "pondering": _set_pondering,
    "visits": _set_visits,
    "resign percentage": _set_resign_percentage,
}


def _clear_cache(session: state.State) -> str:
    session.thinker.forget()
    return ""


def _stop(session: state.State) -> str:
    """Ends pondering, which any input has interrupted already, for good."""
    session.stop_pondering()
    return ""


def _truth(value: bool) -> str:
    return "true" if value else "false"
