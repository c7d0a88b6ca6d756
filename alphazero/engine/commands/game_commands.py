"""GTP commands that show or change the game: board, komi, moves and score."""

from collections.abc import Sequence

from alphazero.engine import protocol, state
from alphazero.engine.commands import answers, command_arguments
from alphazero.go import diagram, rules


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the commands of this module: the protocol's, GNU Go's and KataGo's `set_position`."""
    return {
        "boardsize": lambda arguments: _set_size(session, arguments),
        "clear_board": lambda _: _clear_board(session),
        "komi": lambda arguments: _set_komi(session, arguments),
        "get_komi": lambda _: f"{session.game.komi:g}",
        "set_position": lambda arguments: _set_position(session, arguments),
        "play": lambda arguments: _play(session, arguments),
        "undo": lambda _: _undo(session),
        "showboard": lambda _: f"\n{diagram.render(session.game)}",
        "final_score": lambda _: answers.score(session.game.score()),
        "all_legal": lambda arguments: _all_legal(session, arguments),
        "last_move": lambda _: _last_move(session),
        "move_history": lambda _: "\n".join(reversed(_moves(session))),
    }


def _set_size(session: state.State, arguments: Sequence[str]) -> str:
    size = command_arguments.integer(command_arguments.only(arguments))
    session.choose_size(size, "unacceptable size")
    session.start_game(size)
    return ""


def _clear_board(session: state.State) -> str:
    session.start_game(session.game.size)
    return ""


def _set_komi(session: state.State, arguments: Sequence[str]) -> str:
    text = command_arguments.only(arguments)
    komi = command_arguments.komi(text)
    if komi != float(text):
        protocol.tell(f"komi {text} is rounded to {komi:g}: it must be a multiple of 0.5")
    session.game.komi = komi
    return ""


def _set_position(session: state.State, arguments: Sequence[str]) -> str:
    """Replaces the game by stones, given as colours and points in turn. Black is to move."""
    command_arguments.require(len(arguments) % 2 == 0)
    size = session.game.size
    stones: dict[int, list[int]] = {rules.BLACK: [], rules.WHITE: []}
    for pair in zip(arguments[::2], arguments[1::2], strict=True):
        color, action = command_arguments.color_and_action(pair, size)
        if action == size**2:
            raise protocol.CommandError("cannot set up a pass: set_position takes stones, as in b D4 w E5")
        stones[color].append(action)
    game = session.new_game(size, session.game.komi)
    try:
        game.set_up(stones[rules.BLACK], stones[rules.WHITE], rules.BLACK)
    except ValueError:
        raise protocol.CommandError("illegal position") from None
    session.game = game
    return ""


def _play(session: state.State, arguments: Sequence[str]) -> str:
    color, action = command_arguments.color_and_action(arguments, session.game.size)
    # A controller may continue after two passes to capture dead stones.
    game = state.resumed(session.game)
    try:
        game.play(action, color)
    except ValueError:
        raise protocol.CommandError("illegal move") from None
    session.game = game
    return ""


def _undo(session: state.State) -> str:
    if not session.game.moves:
        raise protocol.CommandError("cannot undo")
    session.game.undo()
    return ""


def _all_legal(session: state.State, arguments: Sequence[str]) -> str:
    position = session.position(command_arguments.color(command_arguments.only(arguments)))
    return answers.all_legal(position.legal(), position.size)


def _last_move(session: state.State) -> str:
    if not session.game.moves:
        raise protocol.CommandError("no previous move known")
    return _moves(session)[-1]


def _moves(session: state.State) -> list[str]:
    game = session.game
    return [
        f"{rules.COLOR_NAMES[color]} {rules.format_move(action, game.size)}" for color, action in game.moves
    ]
