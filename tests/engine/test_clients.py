"""Opening dialogues of popular Go programs, with the engine as a process.

Each test sends the commands in a program's source, in their order, and parses the answers as the source does.
Sources: kaorahi/lizgoban (src/engine.js), featurecat/lizzie (Leelaz.java, MoveData.java),
yzyray/lizzieyzy (the same files), SabakiHQ/Sabaki (enginesyncer.js), lemonsqueeze/gogui (GoGui.java,
GtpClientBase.java, GtpSynchronizer.java).
"""

import queue
import re
import subprocess
import sys
import threading
from typing import Any

import pytest

ENGINE = [sys.executable, "-m", "alphazero.gtp", "--weights", "none", "--visits", "16"]
PATIENCE_S = 240  # kernels may have to be compiled
SILENCE_S = 0.5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Client:
    """An engine and its output lines."""

    def __init__(self, project, *, merges_stderr=False):
        """merges_stderr: reads stderr and stdout as one stream, as Lizzie does."""
        stderr = subprocess.STDOUT if merges_stderr else subprocess.PIPE
        self.process: Any = subprocess.Popen(
            ENGINE, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        )
        self.out, self.err = queue.Queue(), queue.Queue()
        self._num_ids = 0
        pairs = [(self.process.stdout, self.out), (self.process.stderr, self.err)]
        for stream, lines in pairs:
            if stream is not None:
                threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.decode().rstrip("\r\n"))

    def send(self, command, *, is_numbered=True):
        """Sends a command; returns its id, "" if it has none."""
        self._num_ids += is_numbered
        identifier = str(self._num_ids) if is_numbered else ""
        self.process.stdin.write(f"{identifier} {command}".strip().encode() + b"\n")
        self.process.stdin.flush()
        return identifier

    def find(self, pattern, lines=None):
        """Returns the match of the first matching line of stdout (or of `lines`). Drops earlier lines."""
        lines = self.out if lines is None else lines
        while True:
            if match := re.search(pattern, lines.get(timeout=PATIENCE_S)):
                return match

    def ask(self, command, *, is_numbered=True):
        """Returns the mark and the first line of the answer. Drops earlier lines of an analysis."""
        identifier = self.send(command, is_numbered=is_numbered)
        match = self.find(rf"^([=?]){identifier}(?!\d)\s*(.*)")
        return match[1], match[2]

    def rest(self):
        """Returns the further lines of an answer."""
        lines = []
        while line := self.out.get(timeout=PATIENCE_S):
            lines.append(line)
        return lines

    def quit(self):
        self.ask("quit")
        assert self.process.wait(30) == 0


@pytest.fixture
def connect(project):
    """Starts clients, and kills them after the test."""
    clients = []

    def start(**options):
        clients.append(Client(project, **options))
        return clients[-1]

    yield start
    for client in clients:
        client.process.kill()
        client.process.wait()
        for stream in (client.process.stdin, client.process.stdout, client.process.stderr):
            if stream is not None:
                stream.close()


def leela_fields(line):
    """Returns the fields of each move. Between `move` and `pv` are pairs with integers (MoveData)."""
    assert line.startswith("info ")
    found = []
    for block in line.removeprefix("info ").split(" info "):
        head, _, line_of_play = block.partition(" pv ")
        words = head.split(" ")
        fields = dict(zip(words[::2], words[1::2], strict=True))
        for name in ("visits", "winrate", "lcb", "prior", "order"):
            assert re.fullmatch(r"-?\d+", fields[name]), f"{name} of {block}"
        assert line_of_play.split(" ")[0] == fields["move"]
        found.append(fields)
    assert [fields["order"] for fields in found] == [str(order) for order in range(len(found))]
    return found


def minor_version(answer):
    """Returns the number that Lizzie compares with 15. Lizzie reads only the first word of the answer."""
    return int(answer.split(" ")[0].split(".")[1])


def test_lizzie(connect):
    """Lizzie opens without waiting for answers, reads one stream, and finds an answer by its id."""
    client = connect(merges_stderr=True)
    for command in ("name", "version", "boardsize 9", "komi 7.5"):
        client.send(command)
    name = client.find(r"^=1 (.+)")[1]
    assert not name.startswith("KataGo")
    assert minor_version(client.find(r"^=2 (.+)")[1]) >= 15
    client.find(r"^=3\s*$")
    client.find(r"^=4\s*$")
    assert client.ask("lz-analyze 10")[0] == "="
    assert leela_fields(client.find("^info .*")[0])
    for command in ("play B D4", "play W pass"):
        assert client.ask(command)[0] == "="
        assert client.ask("lz-analyze 10")[0] == "="
        assert max(int(fields["visits"]) for fields in leela_fields(client.find("^info .*")[0])) > 0
    assert client.ask("name") == ("=", name), "which ends pondering"
    assert client.ask("lz-genmove_analyze W 10")[0] == "="
    assert re.fullmatch(r"play (pass|[A-HJ][1-9])", client.find("^play .*")[0])
    client.quit()


def test_lizzieyzy(connect):
    """LizzieYzy sends no ids, separates the streams, and recognises a list of commands by its first."""
    client = connect()
    for command in ("name", "version", "list_commands", "komi 7.5", "boardsize 9"):
        client.send(command, is_numbered=False)
    assert client.find("^= (.+)")[1]
    assert client.rest() == []
    assert minor_version(client.find("^= (.+)")[1]) >= 16, "with 15 it would omit the colour"
    client.find("^= protocol_version$")
    assert {"lz-analyze", "heatmap", "kata-analyze"} <= set(client.rest())
    for _ in range(2):
        client.find(r"^=\s*$")
    client.send("lz-analyze B 10", is_numbered=False)
    assert leela_fields(client.find("^info .*")[0])
    client.send("lz-analyze 10 avoid b D4,E5 1", is_numbered=False)
    client.find("^=")
    moves = {fields["move"] for fields in leela_fields(client.find("^info .*")[0])}
    assert not moves & {"D4", "E5"}
    client.send("heatmap", is_numbered=False)
    client.find(r"^winrate: 0\.\d+")
    client.send("quit", is_numbered=False)
    assert client.process.wait(30) == 0


LIZGOBAN_READY = r"Setting max tree size|GTP ready|feature weights loaded"
LIZGOBAN_CHECKS = [
    ("name", "="),
    ("lz-setoption name visits value 0", "="),
    ("kata-analyze interval 1", "="),
    ("kata-set-rules chinese", "="),
    ("set_free_handicap A1", "?"),  # one stone is not a handicap; it sends `play` instead
    ("set_position", "="),
    ("name", "="),
    ("lz-analyze interval 1 minmoves 30", "="),
    ("kata-raw-nn 0", "="),
    ("kata-analyze 1 pvVisits true", "="),
    ("kata-analyze 1 pvEdgeVisits true", "="),
    ("kata-analyze 1 ownershipStdev true", "="),
    ("kata-analyze 1 movesOwnership true", "="),
    ("kata-analyze 1 rootInfo true", "="),
    ("lz-analyze 1 allow B D4 1", "="),
    ("clear_cache", "="),
    ("kata-search_analyze_cancellable B", "?"),
    ("kata-get-param humanSLProfile", "?"),
    ("kata-get-models", "?"),
    ("name", "="),
    ("clear_board", "="),
    ("komi 7.5", "="),
    ("boardsize 9", "="),
]


def lizgoban_visits(line):
    """Returns the visits of each move. LizGoban averages win rates over visits (suggest_reader)."""
    moves, *others = re.split(r"\b(?=ownership|rootInfo)\b", line)
    visits = {}
    for block in moves.split("info")[1:]:
        words = re.split(r"\s*(?=\b(?:pv|pvVisits)\b)", block.strip())[0].split()
        fields = dict(zip(words[::2], words[1::2], strict=True))
        assert 0 <= float(fields["winrate"]) <= 1 and 0 <= float(fields["lcb"]) <= 1
        visits[fields["move"]] = int(fields["visits"])
    assert sum(list(visits.values())[:5]) > 0, "the mean win rate of the first five divides by this"
    root = next(part for part in others if part.startswith("rootInfo")).split()[1:]
    assert 0 <= float(dict(zip(root[::2], root[1::2], strict=True))["winrate"]) <= 1
    return visits


def test_lizgoban(connect):
    """LizGoban waits for the signal on stderr, and then for the answer to each command."""
    client = connect()
    client.find(LIZGOBAN_READY, client.err)
    with pytest.raises(queue.Empty):
        client.out.get(timeout=SILENCE_S)
    assert [(command, client.ask(command)[0]) for command, _ in LIZGOBAN_CHECKS] == LIZGOBAN_CHECKS
    arguments = "interval 20 minmoves 30 pvVisits true pvEdgeVisits true rootInfo true"
    for command in ("play b C3", "play w pass"):
        assert client.ask(command)[0] == "="
    assert client.ask(f"kata-analyze b {arguments}")[0] == "="
    assert len(lizgoban_visits(client.find("^info .*")[0])) >= 30
    mark, reason = client.ask("set_position b C3 w G7 b C4 w pass")
    assert mark == "?" and "cannot set up a pass" in reason
    assert client.ask("set_position b C3 w G7 b C4")[0] == "="
    assert client.ask("play w pass")[0] == "=", "a pass at the end of its stones is sent like this"
    assert client.ask(f"kata-analyze w {arguments} ownership true".replace("20", "1"))[0] == "="
    line = client.find("^info .* ownership .*")[0]
    assert lizgoban_visits(line) and len(line.split(" ownership ")[1].split()) == 81
    for command in ("time_settings 0 1 1", "name", "kata-genmove_analyze b interval 20"):
        assert client.ask(command)[0] == "="
    assert re.fullmatch(r"play (pass|[A-HJ][1-9])", client.find("^play .*")[0])
    client.quit()


SABAKI_LINE = r"(?:pass|[A-Za-z]\d+)(?:\s+(?:pass|[A-Za-z]\d+))*$"
"""Pattern of a variation, which is at the end of a block."""


def test_sabaki(connect):
    """Sabaki lists the engine's commands, and ends an analysis by `protocol_version`."""
    client = connect()
    assert client.ask("name")[0] == "="
    assert client.ask("version")[1].startswith("0.17 (AlphaZero ")
    assert client.ask("protocol_version") == ("=", "2")
    assert client.ask("list_commands")[0] == "="
    assert {"lz-analyze", "kata-analyze", "undo", "set_free_handicap"} <= set(client.rest())
    for command in ("boardsize 9", "clear_board", "komi 7.5", "play B D4"):
        assert client.ask(command)[0] == "="
    for command, is_decimal in (("lz-analyze W 10", False), ("kata-analyze W 10", True)):
        assert client.ask(command)[0] == "="
        blocks = re.split(r"\s*info\s+", client.find("^info .*")[0])[1:]
        for block in blocks:
            match = re.search(SABAKI_LINE, block)
            assert match is not None and block[: match.start()].endswith(" pv ")
            words = block[: match.start()].split()[:-1]
            fields = dict(zip(words[::2], words[1::2], strict=True))
            assert ("." in fields["winrate"]) == is_decimal, "Sabaki infers the unit from this"
        assert client.ask("protocol_version") == ("=", "2")
    assert client.ask("genmove W")[1]
    client.quit()


def test_gogui(connect):
    """GoGui identifies the engine, fills its menu, and sets up the game by `play`."""
    client = connect()
    for command in ("name", "protocol_version", "version", "list_commands"):
        assert client.ask(command, is_numbered=False)[0] == "="
        found = client.rest()
    assert "gogui-analyze_commands" in found and "cputime" in found
    mark, first = client.ask("gogui-analyze_commands", is_numbered=False)
    assert mark == "="
    for line in (first, *client.rest()):
        assert re.fullmatch(r"[a-z]+/[^/]+/\S[^/]*", line), line
    for command in ("boardsize 9", "clear_board", "komi 6.5", "time_settings 600 60 10", "play B D4"):
        assert client.ask(command, is_numbered=False) == ("=", "")
    assert client.ask("genmove w", is_numbered=False)[0] == "="
    client.quit()
