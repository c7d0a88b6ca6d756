"""Parser of the arguments of an analysis: Leela Zero's and KataGo's, in any order."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alphazero.engine import protocol, state
from alphazero.engine.commands import command_arguments
from alphazero.go import rules

_NUMBERS = ("interval", "minmoves", "maxmoves")
_FLAGS = ("ownership", "pvvisits", "rootinfo")
# Flags of KataGo for data that this engine does not have. They are accepted, and the data are omitted.
_IGNORED_FLAGS = ("ownershipstdev", "movesownership", "movesownershipstdev", "pvedgevisits", "noresultvalue")


class Request(NamedTuple):
    """Arguments of an analysis."""

    color: int
    interval_s: float | None
    min_moves: int
    max_moves: int | None
    allowed: np.ndarray | None  # [A] bool, legal moves to choose among; None for all
    wants_ownership: bool
    wants_pv_visits: bool
    wants_root: bool


def parse(arguments: Sequence[str], session: state.State) -> Request:
    """Parses arguments such as `b 50 minmoves 5 avoid w D4,Q16 1 ownership true`; may raise CommandError."""
    waiting = [argument.lower() for argument in arguments]
    found: dict[str, int] = {}
    restrictions = []
    while waiting:
        name = waiting.pop(0)
        if name in command_arguments.COLORS:
            found["color"] = command_arguments.COLORS[name]
        elif name in ("avoid", "allow"):
            restrictions.append((name, waiting[:3]))
            del waiting[:3]
        elif name in _NUMBERS:
            found[name] = command_arguments.integer(_next(waiting))
        elif name in _FLAGS or name in _IGNORED_FLAGS:
            found[name] = _truth(_next(waiting))
        else:
            found["interval"] = command_arguments.integer(name)
    color = found.get("color", session.game.to_play)
    return Request(
        color=color,
        interval_s=max(1, found["interval"]) / 100 if "interval" in found else None,
        min_moves=found.get("minmoves", 0),
        max_moves=found.get("maxmoves"),
        allowed=_allowed(restrictions, session, color),
        wants_ownership=bool(found.get("ownership")),
        wants_pv_visits=bool(found.get("pvvisits")),
        wants_root=bool(found.get("rootinfo")),
    )


def _next(waiting: list[str]) -> str:
    command_arguments.require(bool(waiting))
    return waiting.pop(0)


def _truth(word: str) -> bool:
    command_arguments.require(word in ("true", "false"))
    return word == "true"


def _allowed(
    restrictions: Sequence[tuple[str, list[str]]], session: state.State, color: int
) -> np.ndarray | None:
    """Returns the legal moves that every restriction on this colour permits; None for all.

    Restrictions apply to the first move only, whatever number of moves they name. Deeper moves are free.
    """
    legal = session.position(color).legal()
    allowed = legal.copy()
    for name, details in restrictions:
        command_arguments.require(len(details) == 3)
        who, vertices, num_moves = details
        command_arguments.require(command_arguments.integer(num_moves) > 0)
        if command_arguments.color(who) == color:
            named = _mask(vertices, session.game.size)
            allowed &= named if name == "allow" else ~named
    if (allowed == legal).all():
        return None
    if not allowed.any():
        raise protocol.CommandError("no legal move is allowed")
    return allowed


def _mask(vertices: str, size: int) -> np.ndarray:
    """[A] bool, true at the named moves. "resign" is skipped, as it cannot be searched."""
    mask = np.zeros(size**2 + 1, np.bool_)
    for name in vertices.split(","):
        if name == "resign":
            continue
        try:
            mask[rules.parse_move(name, size)] = True
        except ValueError:
            raise protocol.CommandError("syntax error") from None
    return mask
