"""Sides without processes, for tests of the referee and of the runner."""

from alphazero.competition import sides
from alphazero.go import rules


class ScriptedSide:
    """Says what it is told to say, then passes; remembers what it was told.

    replies: vertices, "resign", "claim", or exceptions to raise. troubles: exceptions by the number of
    the move that it is told of, from 1, or by the name of another method.
    """

    def __init__(self, code="a", replies=(), *, size=5, troubles=None, score=None, free=()):
        self.code = self.name = self.description = code
        self.seconds = 1.5
        self.cpu_s: float | None = None
        self.size = size
        self.replies = iter(replies)
        self.troubles = troubles or {}
        self.score = score
        self.free = list(free)
        self.told = []
        self.calls = []

    def _do(self, name):
        self.calls.append(name)
        if name in self.troubles:
            raise self.troubles[name]

    def start(self):
        self._do("start")

    def place_fixed(self, points):
        self._do("place_fixed")
        self.told.append(" ".join(rules.format_move(point, self.size) for point in points))

    def place_free(self, count):
        self._do("place_free")
        return [rules.parse_move(vertex, self.size) for vertex in self.free]

    def set_free(self, points):
        self._do("set_free")
        self.told.append(" ".join(rules.format_move(point, self.size) for point in points))

    def play(self, color, action):
        self.told.append(f"{rules.COLOR_NAMES[color][0]} {rules.format_move(action, self.size)}")
        if len(self.told) in self.troubles:
            raise self.troubles[len(self.told)]

    def genmove(self):
        self.calls.append("genmove")
        reply = next(self.replies, "pass")
        if isinstance(reply, Exception):
            raise reply
        vertex, _, comment = reply.partition("#")
        if vertex in ("resign", "claim"):
            return sides.Reply(sides.Word(vertex), comment)
        return sides.Reply(rules.parse_move(vertex, self.size), comment)

    def final_score(self):
        self.calls.append("final_score")
        return self.score

    def abort(self):
        self.calls.append("abort")

    def close(self):
        self.calls.append("close")
