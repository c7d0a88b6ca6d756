"""Colours, answers of kernels, and the names of moves."""

EMPTY, BLACK, WHITE, WALL = 0, 1, 2, 3
"""Contents of a point; the opponent of a colour is 3 - color. WALL stands for everything off the board."""

COLOR_NAMES = ("empty", "black", "white")

OK, OFF_BOARD, OCCUPIED, SUICIDE, SUPERKO, GAME_OVER = 0, 1, 2, 3, 4, 5
"""Answers of `game.play`; everything but OK leaves the game as it was."""

REASONS = (
    "legal",
    "not on the board",
    "the point is occupied",
    "suicide is not allowed",
    "it would repeat an earlier position",
    "the game is over",
)
"""Text for each answer."""

POSITIONAL, SITUATIONAL, SIMPLE = 0, 1, 2
"""Ko rules, as `config.game.Ko` lists them."""

NO_MOVE = -1
"""`last_move` before the first move."""

HISTORY = 7
"""Earlier boards that a game remembers, and the network sees beside the current one."""

MOST_KOMI = 400
"""Komi lies between this and its negative: more than the points of a board."""

UNLIMITED = 2**31 - 1
"""`move_limit` of a game that only two passes end."""

COLUMNS = "ABCDEFGHJKLMNOPQRST"
"""Names of columns; I is left out."""


def parse_move(text: str, size: int) -> int:
    """The action that GTP calls `text`: "D4", in any case, or "pass". ValueError if it is none."""
    name = text.strip().upper()
    if name == "PASS":
        return size * size
    column, row = COLUMNS.find(name[:1] or " "), name[1:]
    if not 0 <= column < size or not row.isascii() or not row.isdigit() or not 1 <= int(row) <= size:
        raise ValueError(f"{text!r} is neither pass nor a point of a {size}x{size} board")
    return (int(row) - 1) * size + column


def format_move(action: int, size: int) -> str:
    """GTP's name of an action: "D4" or "pass"."""
    if action == size * size:
        return "pass"
    assert 0 <= action < size * size
    return f"{COLUMNS[action % size]}{action // size + 1}"
