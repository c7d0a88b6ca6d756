"""The script `conformance.txt` with the engine as a process, and thousands of random lines."""

import io
import random
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from alphazero.engine import protocol
from tests.engine.sessions import Script, make_engine

SCRIPT = Path(__file__).with_name("conformance.txt")
COMMAND = [sys.executable, "-m", "alphazero.gtp", "--weights", "none", "--visits", "8", "--size", "5"]
PATTERNS = {
    "<int>": r" *-?\d+",
    "<float>": r"-?\d+\.\d+",
    "<vertex>": r"(?:[A-HJ-T](?:1\d|[1-9])|pass)",
    "<text>": r".*",
}
START_S = 240  # with nothing compiled yet


class Case(NamedTuple):
    command: str
    wanted: list[str]  # lines of the answer
    report: str  # beginning of the line to wait for; empty if the command does not stream


def read_script():
    cases = []
    for line in SCRIPT.read_text().splitlines():
        if line.startswith("> "):
            command, _, report = line[2:].partition(" [")
            cases.append(Case(command, [], report.removesuffix("]")))
        elif line and not line.startswith("#"):
            cases[-1].wanted.append(line)
    return cases


def pattern_of(wanted):
    """Makes the pattern of an answer's lines, each without trailing blanks."""
    texts = []
    for line in wanted:
        parts = re.split("(<[a-z]+>)", line)
        text = "".join(PATTERNS.get(part) or re.escape(part) for part in parts)
        texts.append(r"(?:.*\n)*?" if line == "..." else rf"{text}\n")
    return re.compile("".join(texts))


def ask(process, case):
    """Returns the lines of the answer to a case as one text."""
    process.stdin.write(f"{case.command}\n".encode())
    process.stdin.flush()
    answer, is_stopped = "", False
    while True:
        line = process.stdout.readline().decode()
        assert line.endswith("\n"), f"{case.command}: the process ended after {answer!r}"
        if line == "\n":
            return answer
        answer += f"{line.rstrip()}\n"
        if case.report and line.startswith(case.report) and not is_stopped:
            process.stdin.write(b"\n")
            process.stdin.flush()
            is_stopped = True


def start(project) -> Any:
    return subprocess.Popen(
        COMMAND, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_of_the_script_is_answered_as_it_says(project):
    cases = read_script()
    assert len(cases) >= 150
    with start(project) as process:
        for case in cases:
            answer = ask(process, case)
            assert pattern_of(case.wanted).fullmatch(answer), f"{case.command}\n{answer}"
        assert process.stdout.read() == b""
        assert process.wait(30) == 0


def test_the_script_covers_every_command():
    engine = make_engine()
    covered = {name for case in read_script() for name in case.command.split()[:2]}
    assert set(engine.commands) | set(engine.streams) <= covered


ARGUMENTS = """b w B black white A1 J9 T19 I5 pass resign 0 1 2 3 5 9 19 20 -1 1.5 nan inf 1e400 9999999999
    all average true false name value visits pondering avoid allow interval minmoves maxmoves ownership alive
    dead seki claim chinese {"ko":"SIMPLE"} {} [ /no/such/file A1,B2 A1, , # = ? 七 ٣"""
BROKEN = ["\x00", "\x07", "\x7f", "\x80", "\ud800", "b\x00", "\x0bA1"]
WORDS = [*ARGUMENTS.split(), *BROKEN]
IDS = ["1", "7", "007", "2147483648", "9" * 40, "9" * 5000]
LEFT_OUT = {"quit", "printsgf", "loadsgf"}  # the end of the test, and files


def make_line(rng, names):
    """Makes a random line, most often a command."""
    kind = rng.random()
    if kind < 0.03:
        return "".join(rng.choices("\x00\x07\t\r #0\x7f\xe9\U0001f600", k=rng.randrange(9)))
    if kind < 0.04:
        return " ".join(rng.choices(WORDS, k=rng.randrange(40))) + "x" * rng.choice((0, 10_000))
    name = rng.choice(names)
    if kind < 0.10:
        name = name[: rng.randrange(len(name) + 1)]
    words = [name, *rng.choices(WORDS, k=rng.choice((0, 0, 1, 1, 2, 3, 4)))]
    if kind < 0.14:
        rng.shuffle(words)
    return " ".join(words).replace("\n", "")


def make_lines(seed, count):
    """Makes random lines, most of them with an id."""
    rng = random.Random(seed)
    engine = make_engine()
    names = sorted((set(engine.commands) | set(engine.streams)) - LEFT_OUT)
    lines = []
    for _ in range(count):
        line = make_line(rng, names)
        if rng.random() < 0.8:
            line = f"{rng.choice(IDS) if rng.random() < 0.1 else rng.randrange(100_000)} {line}"
        parsed = protocol.parse(line)
        lines.append("" if parsed and parsed.name in LEFT_OUT else line)
    return lines


def check_answers(lines, output):
    """Checks that each command has one answer with its id, in order, and that there is no other output."""
    wanted = [parsed.id for line in lines if (parsed := protocol.parse(line))]
    answers = output.split("\n\n")
    assert answers.pop() == ""
    found = [re.match(r"[=?](\d*)(?=[ \n]|$)", answer) for answer in answers]
    assert [match and match[1] for match in found] == wanted
    assert "internal error" not in output


def test_twenty_thousand_lines_leave_it_in_step(capfd):
    engine = make_engine(size=5, sizes=[5], ponders=True)
    lines = make_lines(seed=1, count=20_000)
    output = io.StringIO()
    protocol.serve(engine.everything, Script(lines, patience=3), output)
    check_answers(lines, output.getvalue())
    assert output.getvalue().count("\n\n") > 18_000
    assert output.getvalue().count("info move") > 100, "analyses among them"
    assert "internal error" not in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_process_is_left_in_step(project):
    """The board is small, so that moves are fast. The input arrives in pieces of random length."""
    lines = ["lz-setoption name visits value 1", "boardsize 3"]
    lines += [
        line for line in make_lines(seed=3, count=3000) if not {"visits", "boardsize"} & set(line.split())
    ]
    sent = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    with start(project) as process:
        writer = threading.Thread(target=write_in_pieces, args=(process.stdin, sent))
        writer.start()
        output = process.stdout.read()
        writer.join()
        assert process.wait(30) == 0
    received = sent.decode("utf-8", "surrogateescape").split("\n")
    check_answers(received, output.decode("utf-8", "surrogateescape"))


def write_in_pieces(stream, text):
    rng = random.Random(2)
    with stream:
        while text:
            count = rng.randrange(1, 3000)
            stream.write(text[:count])
            stream.flush()
            text = text[count:]
