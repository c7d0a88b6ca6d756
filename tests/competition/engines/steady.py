"""A GTP engine that plays a few moves on its own half of the board, different ones in each game, then passes.

The game's id decides how the game ends: by a score that both engines report, by resignation, or unscored.
"""

import os
import sys
import time
import zlib

MOVES = 6
ENDS = ("B+3.5", "W+2.5", "0", "W+12", "B+0.5", "unscored", "b resigns", "w resigns")
COLUMNS = "ABCDEFGHJKLMNOPQRST"
KNOWN = ("name", "version", "boardsize", "komi", "clear_board", "play", "genmove", "final_score")

pause = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
game_id = os.environ.get("GOMILL_GAME_ID", "none")
end = ENDS[zlib.crc32(game_id.encode()) % len(ENDS)]
size, num_moves = 9, 0


def genmove(color):
    global num_moves
    num_moves += 1
    time.sleep(pause)
    if num_moves == MOVES and end == f"{color} resigns":
        return "resign"
    if num_moves > MOVES:
        return "pass"
    rows = range(1, size // 2 + 1) if color == "b" else range(size - size // 2 + 1, size + 1)
    points = [f"{column}{row}" for row in rows for column in COLUMNS[:size]]
    points.sort(key=lambda point: zlib.crc32(f"{game_id} {point}".encode()))
    return points[num_moves]


for line in sys.stdin:
    if line.split() == ["quit"]:
        break
    number, command, *arguments = line.split()
    mark, text = "=", ""
    if command == "genmove":
        text = genmove(arguments[0])
    elif command == "boardsize":
        size = int(arguments[0])
    elif command == "known_command":
        text = "true" if arguments[0] in KNOWN else "false"
    elif command == "final_score":
        mark, text = ("?", "cannot score") if end == "unscored" else ("=", end)
    elif command == "name":
        text = "Steady"
    elif command == "version":
        text = "1"
    elif command not in KNOWN and command != "known_command":
        mark, text = "?", "unknown command"
    sys.stdout.write(f"{mark}{number} {text}\n\n")
    sys.stdout.flush()
