"""Sides without processes, for tests of the referee and of the runner."""

from alphazero.competition.play import sides
from alphazero.go import rules


class ScriptedSide:
    """A side that gives scripted replies, then passes; records the moves and calls that it receives.

    replies: vertices, "resign", "claim", or exceptions to raise. failures: exceptions by the number of the
    received move, from 1, or by the name of another method.
    """

    def __init__(self, code="a", replies=(), *, size=5, failures=None, score=None, free=()):
        self.code = self.name = self.description = code
        self.seconds = 1.5
        self.cpu_s: float | None = None
        self.size = size
        self.replies = iter(replies)
        self.failures = failures or {}
        self.score = score
        self.free = list(free)
        self.received = []
        self.calls = []

    def _do(self, name):
        self.calls.append(name)
        if name in self.failures:
            raise self.failures[name]

    def start(self):
        self._do("start")

    def place_fixed(self, points):
        self._do("place_fixed")
        self.received.append(" ".join(rules.format_move(point, self.size) for point in points))

    def place_free(self, count):
        self._do("place_free")
        return [rules.parse_move(vertex, self.size) for vertex in self.free]

    def set_free(self, points):
        self._do("set_free")
        self.received.append(" ".join(rules.format_move(point, self.size) for point in points))

    def play(self, color, action):
        self.received.append(f"{rules.COLOR_NAMES[color][0]} {rules.format_move(action, self.size)}")
        if len(self.received) in self.failures:
            raise self.failures[len(self.received)]

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
