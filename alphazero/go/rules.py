"""Constants of the rules: colours, return codes of kernels, names of moves."""

EMPTY, BLACK, WHITE, WALL = 0, 1, 2, 3
"""Contents of a point. The opponent of a colour is 3 - color. WALL stands for everything off the board."""

COLOR_NAMES = ("empty", "black", "white")

OK, OFF_BOARD, OCCUPIED, SUICIDE, SUPERKO, GAME_OVER = 0, 1, 2, 3, 4, 5
"""Return codes of `game_kernels.play`. With any code but OK the game is unchanged."""

REASONS = (
    "legal",
    "not on the board",
    "the point is occupied",
    "suicide is not allowed",
    "it would repeat an earlier position",
    "the game is over",
)
"""Text for each code."""

POSITIONAL, SITUATIONAL, SIMPLE = 0, 1, 2
"""Ko rules, in the order of `config.game.Ko`."""

NO_MOVE = -1
"""`last_move` before the first move."""

HISTORY = 7
"""Number of earlier boards that a game remembers. The network sees them beside the current one."""

NUM_RECENT_MOVES = 5
"""Number of newest moves that a game remembers with their colours."""

MOST_KOMI = 400
"""Largest absolute value of komi, in points. It exceeds the number of points of any board."""

UNLIMITED = 2**31 - 1
"""`move_limit` of a game that ends only with two passes."""

COLUMNS = "ABCDEFGHJKLMNOPQRST"
"""Names of columns, without I."""


def parse_move(text: str, size: int) -> int:
    """The action with GTP's name `text`, such as "D4", "d4" or "pass". ValueError for other text."""
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
