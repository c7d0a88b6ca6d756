"""Games as SGF files, through sgfmill."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sgfmill import sgf

from alphazero.config import game as game_config
from alphazero.go import play, rules

_COLORS = {"b": rules.BLACK, "w": rules.WHITE}
_NAMES = {color: name for name, color in _COLORS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class SgfGame:
    """The main line of a game, and what its root says about it."""

    size: int
    komi: float = 0.0
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Colour and action of each move."""
    black_setup: list[int] = field(default_factory=list)
    """Points with black stones before the first move."""
    white_setup: list[int] = field(default_factory=list)
    to_play: int = rules.BLACK
    """Who moves first, by PL, by the first move, or by the handicap."""
    result: str = ""
    """RE, such as "B+3.5", "W+R", "0" or empty."""
    black_name: str = ""
    white_name: str = ""
    rules: str = ""
    """RU."""
    comments: dict[int, str] = field(default_factory=dict)
    """Text after so many moves; 0 is the root."""
    info: dict[str, str] = field(default_factory=dict)
    """More properties of the root that are plain text, such as DT, EV or GN; not filled by `read`."""


def read(data: bytes) -> SgfGame:
    """The main line of the first game in an SGF file; ValueError names what is wrong with it."""
    with _naming("SGF"):
        source = sgf.Sgf_game.from_bytes(data)
    root, size = source.get_root(), source.get_size()
    if size > 19:
        raise ValueError(f"board size {size}: must be from 1 to 19")
    with _naming("komi"):
        komi = source.get_komi()
    with _naming("set-up stones"):
        black, white, _ = root.get_setup_stones()
    moves, comments = _read_moves(source.get_main_sequence(), size)
    with _naming("properties of the root"):
        return SgfGame(
            size=size,
            komi=komi,
            moves=moves,
            black_setup=sorted(_action(point, size) for point in black),
            white_setup=sorted(_action(point, size) for point in white),
            to_play=_first_player(root, moves, has_handicap=bool(black) and not white),
            result=_text(root, "RE"),
            black_name=_text(root, "PB"),
            white_name=_text(root, "PW"),
            rules=_text(root, "RU"),
            comments=comments,
        )


def _read_moves(nodes: Sequence[sgf.Tree_node], size: int) -> tuple[list[tuple[int, int]], dict[int, str]]:
    """Moves, and comments by the number of moves before them."""
    moves, comments = [], {}
    for number, node in enumerate(nodes):
        if number > 0 and node.has_setup_stones():
            raise ValueError(f"stones are set up after move {len(moves)}")
        with _naming(f"move {len(moves) + 1}"):
            color, point = node.get_move()
        if color is not None:
            moves.append((_COLORS[color], _action(point, size)))
        if node.has_property("C"):
            with _naming(f"comment after move {len(moves)}"):
                comments[len(moves)] = node.get("C")
    return moves, comments


def write(game: SgfGame) -> bytes:
    """The SGF file of a game."""
    target = sgf.Sgf_game(game.size)
    root = target.get_root()
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
    """RU for these rules, which KataGo reads too."""
    if config.ko is game_config.Ko.positional:
        return "Tromp-Taylor"
    return f"ko{config.ko.value.upper()}scoreAREAtaxNONEsui{int(config.suicide)}"


def describe_rules(config: game_config.GameConfig) -> str:
    """A sentence on these rules, for a comment."""
    ko = "simple ko" if config.ko is game_config.Ko.simple else f"{config.ko.value} superko"
    suicide = "allowed" if config.suicide else "not allowed"
    return f"Area scoring, all stones alive; {ko}; suicide {suicide}."


def alternate(actions: Iterable[int]) -> list[tuple[int, int]]:
    """Moves of both players in turn, Black's first, as `SgfGame.moves` wants them."""
    return [(rules.BLACK if ply % 2 == 0 else rules.WHITE, int(action)) for ply, action in enumerate(actions)]


def replay(
    record: SgfGame,
    *,
    ko: game_config.Ko = game_config.Ko.positional,
    suicide: bool = False,
    num_moves: int | None = None,
) -> play.Game:
    """The game after its first `num_moves` moves, all by default; ValueError at the first illegal move."""
    game = play.Game(record.size, record.komi, ko=ko, suicide=suicide)
    game.set_up(record.black_setup, record.white_setup, record.to_play)
    for number, (color, action) in enumerate(record.moves[:num_moves], 1):
        if game.is_over:
            game.resume()
        try:
            game.play(action, color)
        except ValueError as error:
            raise ValueError(f"move {number}: {error}") from None
    return game


@contextlib.contextmanager
def _naming(part: str) -> Iterator[None]:
    """Says in which part of the file an error is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part}: {error}" if str(error) else f"{part}: cannot be read") from None


def _action(point: tuple[int, int] | None, size: int) -> int:
    """sgfmill's (row, column), row 0 at the bottom, or None for a pass."""
    return size * size if point is None else point[0] * size + point[1]


def _point(action: int, size: int) -> tuple[int, int] | None:
    return None if action == size * size else divmod(action, size)


def _text(node: sgf.Tree_node, name: str) -> str:
    return node.get(name) if node.has_property(name) else ""


def _first_player(root: sgf.Tree_node, moves: list[tuple[int, int]], *, has_handicap: bool) -> int:
    if root.has_property("PL"):
        return _COLORS[root.get("PL")]
    if moves:
        return moves[0][0]
    return rules.WHITE if has_handicap else rules.BLACK
