"""Games that come from SGF files or go to them by GTP commands."""

from collections.abc import Sequence
from pathlib import Path

from alphazero.config import game as game_config
from alphazero.engine import answers, protocol, words
from alphazero.go import play, rules, sgf, sgf_collection


def write(game: play.Game, config: game_config.GameConfig) -> bytes:
    """The game so far, its rules, and its result if it is over; config: for ko and suicide alone."""
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


def save(text: bytes, path: str) -> None:
    """Fails the command where the file cannot be written."""
    try:
        Path(path).write_bytes(text)
    except OSError as error:
        raise protocol.Failure(f"cannot write file: {error.strerror}") from None


def load(arguments: Sequence[str], config: game_config.GameConfig, komi: float) -> play.Game:
    """The game in a file, up to and without the move whose number, counted from one, may follow its name.

    komi: of a game whose own cannot be played.
    """
    words.require(len(arguments) in (1, 2))
    num_moves = words.integer(arguments[1]) - 1 if len(arguments) == 2 else None
    words.require(num_moves is None or num_moves >= 0)
    try:
        text = next(sgf_collection.games(Path(arguments[0])), b"")
        record = sgf.read(text)
        return sgf.replay(
            record, num_moves=num_moves, ko=config.ko, suicide=config.suicide, komi=_komi(record, komi)
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise protocol.Failure(f"cannot load file: {reason}") from None


def _komi(record: sgf.SgfGame, default: float) -> float:
    """The record's komi, rounded to a half; `default` where it has none that can be played."""
    try:
        komi = default if record.komi is None else words.komi(str(record.komi))
    except protocol.Failure:
        komi = default
    if komi != record.komi:
        what = "KM is not a number" if record.komi is None else f"KM is {record.komi:g}"
        protocol.tell(f"{what}: the game has komi {komi:g}")
    return komi
