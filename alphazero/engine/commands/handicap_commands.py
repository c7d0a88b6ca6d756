"""GTP commands for handicap stones (GTP 2, section 4.1). Black's stones are set up, and White is to move."""

from collections.abc import Sequence

from alphazero.engine import protocol, state
from alphazero.engine.commands import command_arguments
from alphazero.go import handicap, play, rules


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands of this module."""
    return {
        "fixed_handicap": lambda arguments: _place_fixed(session.game, _count(arguments)),
        "place_free_handicap": lambda arguments: _place_free(session.game, _count(arguments)),
        "set_free_handicap": lambda arguments: _place_named(session.game, arguments),
    }


def _count(arguments: Sequence[str]) -> int:
    return command_arguments.integer(command_arguments.only(arguments))


def _place_fixed(game: play.Game, count: int) -> str:
    """Sets up a fixed handicap; returns the names of its points."""
    if not 2 <= count <= handicap.most_fixed_stones(game.size):
        raise protocol.CommandError("invalid number of stones")
    return _place(game, handicap.fixed_points(game.size, count))


def _place_free(game: play.Game, count: int) -> str:
    """Sets up a handicap of the engine's choice: the fixed one, with fewer stones if it has no more."""
    return _place_fixed(game, min(count, handicap.most_fixed_stones(game.size)))


def _place_named(game: play.Game, names: Sequence[str]) -> str:
    """Sets up at least two stones on points that the controller names; the answer is empty."""
    try:
        points = [rules.parse_move(name, game.size) for name in names]
    except ValueError:
        raise protocol.CommandError("syntax error") from None
    if not 2 <= len(points) < game.size**2 or len(set(points)) < len(points) or game.size**2 in points:
        raise protocol.CommandError("bad vertex list")
    _place(game, points)
    return ""


def _place(game: play.Game, points: list[int]) -> str:
    if game.moves or game.stones.any():
        raise protocol.CommandError("board not empty")
    game.set_up(points, [], rules.WHITE)
    return " ".join(rules.format_move(point, game.size) for point in points)
