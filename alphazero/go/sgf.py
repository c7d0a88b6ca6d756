"""Reading and writing of games as SGF files, with sgfmill."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sgfmill import sgf

from alphazero.config import game as game_config
from alphazero.go import play, rules, sgf_source

_COLORS = {"b": rules.BLACK, "w": rules.WHITE}
_PLAYERS = {
    b"b": rules.BLACK,
    b"black": rules.BLACK,
    b"1": rules.BLACK,
    b"w": rules.WHITE,
    b"white": rules.WHITE,
    b"2": rules.WHITE,
}
"""Values of PL that programs write. Others are ignored, because the first move also shows the player."""
_NUMBER = re.compile(rb"\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))(?![\w.,+-])")
_HUNDREDTHS = 100
_HALF = "半".encode()
"""The Chinese and Japanese word for half a point, written after the whole points."""
_NAMES = {color: name for name, color in _COLORS.items()}
_POINT_OR_PASS = "must be a point of a {size}x{size} board, or empty for a pass"
_POINTS = "must be points or rectangles of a {size}x{size} board"


@dataclass(frozen=True, kw_only=True, slots=True)
class SgfGame:
    """The main line of a game and the properties of its root."""

    size: int
    komi: float | None = 0.0
    """KM in points; None if it is not a number."""
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Colour and action of each move."""
    black_setup: list[int] = field(default_factory=list)
    """Points with black stones before the first move."""
    white_setup: list[int] = field(default_factory=list)
    to_play: int = rules.BLACK
    """Colour of the first player, from PL, else the first move, else the handicap."""
    result: str = ""
    """RE, such as "B+3.5", "W+R", "0" or empty."""
    black_name: str = ""
    white_name: str = ""
    rules: str = ""
    """RU."""
    comments: dict[int, str] = field(default_factory=dict)
    """Comments by the number of moves before them; 0 is the root."""
    info: dict[str, str] = field(default_factory=dict)
    """Other text properties of the root, such as DT, EV or GN. `read` leaves this empty."""


def read(data: bytes) -> SgfGame:
    """The main line of the first game in an SGF file. ValueError says what is wrong with it.

    Text has the encoding that the byte order mark or CA names. If the text does not fit that encoding, one
    that fits is used. Stones may be set up before the first move, even in several nodes. Variations and other
    properties are ignored.
    """
    source = sgf_source.parse(data)
    nodes, size = source.get_main_sequence(), source.get_size()
    root, start = nodes[0], _read_start(nodes, size)
    moves, comments = _read_moves(nodes, size)
    has_handicap = bool(start.black) and not start.white
    first_player = moves[0][0] if moves else rules.WHITE if has_handicap else rules.BLACK
    return SgfGame(
        size=size,
        komi=_read_komi(source),
        moves=moves,
        black_setup=sorted(start.black),
        white_setup=sorted(start.white),
        to_play=start.to_play or first_player,
        result=_text(root, "RE"),
        black_name=_text(root, "PB"),
        white_name=_text(root, "PW"),
        rules=_text(root, "RU"),
        comments=comments,
    )


class _Start(NamedTuple):
    """The position before the first move."""

    black: set[int]
    white: set[int]
    to_play: int | None


def _read_start(nodes: Sequence[sgf.Tree_node], size: int) -> _Start:
    """The start by AB, AW, AE and PL, up to the node with the first move."""
    black, white, to_play = set(), set(), None
    for node in nodes:
        with sgf_source.naming("set-up stones", _POINTS.format(size=size)):
            points = [{_action(point, size) for point in points} for points in node.get_setup_stones()]
        added_black, added_white, cleared = points
        if both := added_black & added_white:
            raise ValueError(f"set-up stones: {rules.format_move(min(both), size)} is given to both colours")
        black = (black - added_white - cleared) | added_black
        white = (white - added_black - cleared) | added_white
        if node.has_property("PL"):
            to_play = _PLAYERS.get(node.get_raw("PL").strip().lower(), to_play)
        if node.has_property("B") or node.has_property("W"):
            break
    return _Start(black, white, to_play)


def _read_moves(nodes: Sequence[sgf.Tree_node], size: int) -> tuple[list[tuple[int, int]], dict[int, str]]:
    """Moves, and comments by the number of moves before them."""
    moves, comments = [], {}
    for node in nodes:
        if moves and node.has_setup_stones():
            raise ValueError(f"stones are set up after move {len(moves)}: allowed only before the first move")
        color, raw = node.get_raw_move()
        if color is not None and raw is not None:
            with sgf_source.naming(
                f"move {len(moves) + 1}: {color.upper()}[{sgf_source.shown(raw)}]",
                _POINT_OR_PASS.format(size=size),
            ):
                moves.append((_COLORS[color], _action(node.get_move()[1], size)))
            if node.has_property("B") and node.has_property("W"):
                raise ValueError(f"move {len(moves)}: both colours move at once")
        if node.has_property("C"):
            with sgf_source.naming(f"comment after move {len(moves)}"):
                comments[len(moves)] = node.get("C")
    return moves, comments


def _read_komi(source: sgf.Sgf_game) -> float | None:
    """Komi in points: 0 if KM is missing or empty, None if it is not a number.

    Some servers write a decimal comma, a unit after the number, or hundredths: 650 means 6.5 points, and 375
    means 3.75 stones of Chinese counting, which are 7.5 points.
    """
    root = source.get_root()
    raw = root.get_raw("KM").strip() if root.has_property("KM") else b""
    if not raw:
        return 0.0
    match = _NUMBER.match(raw)
    if match is None:
        return None
    komi = float(match[1].replace(b",", b"."))
    if abs(komi) >= _HUNDREDTHS and komi.is_integer():
        komi /= _HUNDREDTHS
        komi *= 1 if (2 * komi).is_integer() else 2
    return komi + 0.5 if raw[match.end() :].strip().endswith(_HALF) else komi


def write(game: SgfGame) -> bytes:
    """Content of the SGF file of a game."""
    target = sgf.Sgf_game(game.size)
    root = target.get_root()
    if game.komi is not None:
        root.set("KM", game.komi)
    texts = {"PB": game.black_name, "PW": game.white_name, "RE": game.result, "RU": game.rules}
    for name, text in (texts | game.info).items():
        if text:
            root.set(name, text)
    if game.black_setup or game.white_setup:
        stones = ([_point(p, game.size) for p in points] for points in (game.black_setup, game.white_setup))
        root.set_setup_stones(*stones)
        root.set("PL", _NAMES[game.to_play])
        if is_handicap(game):
            root.set("HA", len(game.black_setup))
    if 0 in game.comments:
        root.set("C", game.comments[0])
    for number, (color, action) in enumerate(game.moves, 1):
        node = target.extend_main_sequence()
        node.set_move(_NAMES[color], _point(action, game.size))
        if number in game.comments:
            node.set("C", game.comments[number])
    return target.serialise()


def is_handicap(game: SgfGame) -> bool:
    """Whether the game starts with a handicap: two black stones or more, and White to move."""
    return len(game.black_setup) >= 2 and not game.white_setup and game.to_play == rules.WHITE


def name_rules(config: game_config.GameConfig) -> str:
    """Value of RU for these rules, in a form that KataGo also reads."""
    if config.ko is game_config.Ko.positional:
        return "Tromp-Taylor"
    return f"ko{config.ko.value.upper()}scoreAREAtaxNONEsui{int(config.suicide)}"


def describe_rules(config: game_config.GameConfig) -> str:
    """One sentence about these rules, for a comment."""
    ko = "simple ko" if config.ko is game_config.Ko.simple else f"{config.ko.value} superko"
    suicide = "allowed" if config.suicide else "not allowed"
    return f"Area scoring, all stones alive; {ko}; suicide {suicide}."


def alternate(actions: Iterable[int]) -> list[tuple[int, int]]:
    """Moves of both players in turn, Black first, in the form of `SgfGame.moves`."""
    return [(rules.BLACK if ply % 2 == 0 else rules.WHITE, int(action)) for ply, action in enumerate(actions)]


def replay(
    record: SgfGame,
    *,
    ko: game_config.Ko = game_config.Ko.positional,
    suicide: bool = False,
    num_moves: int | None = None,
    komi: float | None = None,
) -> play.Game:
    """The game after its first `num_moves` moves, by default all. ValueError at the first illegal move.

    komi: replaces the record's komi, which counts as 0 if it is unknown.
    """
    game = play.Game(record.size, (record.komi or 0.0) if komi is None else komi, ko=ko, suicide=suicide)
    game.set_up(record.black_setup, record.white_setup, record.to_play)
    for number, (color, action) in enumerate(record.moves[:num_moves], 1):
        if game.is_over:
            game.resume()
        try:
            game.play(action, color)
        except ValueError as error:
            raise ValueError(f"move {number}: {error}") from None
    return game


def _action(point: tuple[int, int] | None, size: int) -> int:
    """The action of sgfmill's (row, column), with row 0 at the bottom, or of None, a pass."""
    return size * size if point is None else point[0] * size + point[1]


def _point(action: int, size: int) -> tuple[int, int] | None:
    return None if action == size * size else divmod(action, size)


def _text(node: sgf.Tree_node, name: str) -> str:
    with sgf_source.naming(name):
        return node.get(name) if node.has_property(name) else ""
