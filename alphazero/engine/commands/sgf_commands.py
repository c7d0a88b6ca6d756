"""GTP commands that write and read SGF files."""

from collections.abc import Sequence
from pathlib import Path

from alphazero.config import game as game_config
from alphazero.engine import protocol, state
from alphazero.engine.commands import answers, command_arguments
from alphazero.go import play, rules, sgf, sgf_collection


def commands(session: state.State) -> dict[str, protocol.Command]:
    """Returns the protocol's `loadsgf` and GNU Go's `printsgf`."""
    return {
        "printsgf": lambda arguments: _print(session, arguments),
        "loadsgf": lambda arguments: _load(session, arguments),
    }


def _print(session: state.State, arguments: Sequence[str]) -> str:
    """Writes the game to the file that is named, or returns its text."""
    text = _format(session.game, _config(session))
    if not arguments:
        return text.decode()
    try:
        Path(arguments[0]).write_bytes(text)
    except OSError as error:
        raise protocol.CommandError(f"cannot write file: {error.strerror}") from None
    return ""


def _load(session: state.State, arguments: Sequence[str]) -> str:
    game = _read(arguments, _config(session), session.game.komi)
    session.choose_size(game.size, f"cannot load file: unacceptable size {game.size}")
    session.game = game
    return ""


def _config(session: state.State) -> game_config.GameConfig:
    return game_config.GameConfig(**session.rules._asdict())


def _format(game: play.Game, config: game_config.GameConfig) -> bytes:
    """Formats the game so far as SGF, with its rules, and its result if it is over.

    config: only ko and suicide are used.
    """
    return sgf.write(
        sgf.SgfGame(
            size=game.size,
            komi=game.komi,
            moves=game.moves,
            black_setup=game.set_up_points(rules.BLACK),
            white_setup=game.set_up_points(rules.WHITE),
            to_play=game.first_player,
            result=answers.score(game.score()) if game.is_over else "",
            rules=sgf.name_rules(config),
            comments={0: sgf.describe_rules(config)},
        )
    )


def _read(arguments: Sequence[str], config: game_config.GameConfig, komi: float) -> play.Game:
    """Loads the game in a file.

    arguments: the file's name, and optionally the number of a move, counted from one. The game then stops
    before that move. komi: used if the game's own komi cannot be played.
    """
    command_arguments.require(len(arguments) in (1, 2))
    num_moves = command_arguments.integer(arguments[1]) - 1 if len(arguments) == 2 else None
    command_arguments.require(num_moves is None or num_moves >= 0)
    try:
        text = next(sgf_collection.games(Path(arguments[0])), b"")
        record = sgf.read(text)
        return sgf.replay(
            record, num_moves=num_moves, ko=config.ko, suicide=config.suicide, komi=_komi(record, komi)
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise protocol.CommandError(f"cannot load file: {reason}") from None


def _komi(record: sgf.SgfGame, default: float) -> float:
    """Returns the record's komi, rounded to a half, or `default` if it has none that can be played."""
    try:
        komi = default if record.komi is None else command_arguments.komi(str(record.komi))
    except protocol.CommandError:
        komi = default
    if komi != record.komi:
        what = "KM is not a number" if record.komi is None else f"KM is {record.komi:g}"
        protocol.tell(f"{what}: the game has komi {komi:g}")
    return komi
