"""gomill's control files are read as data: values come out right, and nothing in them is executed."""

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.competition import ctl, sourced

VALUES = {
    "a literal": ("x = 'a' \"b\"\n", "ab"),
    "a text over lines": ("x = '''a\nb'''", "a\nb"),
    "a text of Python 2": ("x = u'a'", "a"),
    "an unknown escape": (r"x = '\d'", r"\d"),
    "signs": ("x = [-1, +2, -2.5, --3]", [-1, 2, -2.5, 3]),
    "constants": ("x = (True, False, None)", (True, False, None)),
    "a trailing comma": ("x = {'a': [1,],}", {"a": [1]}),
    "the last of two": ("x = 1\nx = 2", 2),
    "two names": ("y = x = 2", 2),
    "a variable": ("y = [1]\nx = [y, y]", [[1], [1]]),
    "its earlier value": ("y = 1\nx = y\ny = 2", 1),
    "two on a line": ("y = 1; x = y", 1),
    "sums": ("x = [1 + 2.5, 'a' + 'b', [1] + [2], (1,) + (2,)]", [3.5, "ab", [1, 2], (1, 2)]),
    "products": ("x = [2 * 3, 2.5 * 2, 'ab' * 2, [0] * 3, [0] * -1]", [6, 5.0, "abab", [0, 0, 0], []]),
    "a % of a number": ("x = '--level=%d' % 3", "--level=3"),
    "a % of several": ("level = 2\nx = '%s %03d %.1f%%' % ('a', level, 0.25)", "a 002 0.2%"),
    "a player": ("x = Player('gnugo', cwd='a')", {"command": "gnugo", "cwd": "a"}),
    "a named command": ("x = Player(command='gnugo')", {"command": "gnugo"}),
    "a matchup": ("x = Matchup('a', 'b', komi=0.5)", {"player_1": "a", "player_2": "b", "komi": 0.5}),
    "half a matchup": ("x = Matchup('a', player_2='b')", {"player_1": "a", "player_2": "b"}),
    "a dictionary": ("y = dict(a=1)\nx = dict(y, a=2, b=3)", {"a": 2, "b": 3}),
    "an empty one": ("x = [dict(), list()]", [{}, []]),
    "a list of a tuple": ("x = list((1, 2))", [1, 2]),
    "a text before all": ("'''What this is.'''\nx = 1", 1),
    "comments and blanks": ("# first\n\nx = [ # second\n 1]\n", [1]),
    "ends of lines as on Windows": ("x = '''a\r\nb'''\r\n", "a\nb"),
}

NOT_READ = "is not read; a control file may hold only assignments of literals, Player(...) and Matchup(...)"
OPERATORS = "an operator other than + and * of like values and the % of a text"
FILLED_IN = "the % of a text fills in texts and numbers, by %s, %d, %i, %f, %e and %g"

REFUSED = {
    "x = 1\ndef gnugo(level):\n    return Player('a')": f"line 2: a function {NOT_READ}",
    "class A: pass": f"line 1: a class {NOT_READ}",
    "import os": f"line 1: an import {NOT_READ}",
    "from os import system": f"line 1: an import {NOT_READ}",
    "\nfor i in []: pass": f"line 2: a loop {NOT_READ}",
    "while 1: pass": f"line 1: a loop {NOT_READ}",
    "if 1: x = 1": f"line 1: a condition {NOT_READ}",
    "x = 1 if 2 else 3": f"line 1: a condition {NOT_READ}",
    "x = ''.join": f"line 1: an attribute {NOT_READ}",
    "x = [1,\n'a'.upper()]": f"line 2: a call {NOT_READ}",
    "x = open('a')": f"line 1: a call {NOT_READ}",
    "x = Competitor('a')": f"line 1: a call {NOT_READ}",
    "open('a')": f"line 1: a value without a name {NOT_READ}",
    "x = 1\n'text'": f"line 2: a value without a name {NOT_READ}",
    "x = [1][0]": f"line 1: an index {NOT_READ}",
    "x = lambda: 1": f"line 1: a function {NOT_READ}",
    "x = [y for y in []]": f"line 1: a comprehension {NOT_READ}",
    "x = f'{1}'": f"line 1: an f-string {NOT_READ}",
    "x = [*[1]]": f"line 1: a starred value {NOT_READ}",
    "x = {**{}}": f"line 1: a starred value {NOT_READ}",
    "x = Player(*['a'])": f"line 1: a starred value {NOT_READ}",
    "x = Player(**{'command': 'a'})": f"line 1: a starred value {NOT_READ}",
    "x = 1\nx += 1": f"line 2: an assignment that computes {NOT_READ}",
    "x: int = 1": f"line 1: an annotation {NOT_READ}",
    "x = (y := 1)": f"line 1: Python's NamedExpr {NOT_READ}",
    "del x": f"line 1: Python's Delete {NOT_READ}",
    "x = b'a'": f"line 1: a literal of this kind {NOT_READ}",
    "x = 1j": f"line 1: a literal of this kind {NOT_READ}",
    "x = ...": f"line 1: a literal of this kind {NOT_READ}",
    "x = {1}": f"line 1: a set {NOT_READ}",
    "x, y = 1, 2": f"line 1: an assignment to something other than a name {NOT_READ}",
    "x = {}\nx['a'] = 1": f"line 2: an assignment to something other than a name {NOT_READ}",
    "x = -'a'": f"line 1: a sign before something other than a number {NOT_READ}",
    "x = 2 ** 9": f"line 1: {OPERATORS} {NOT_READ}",
    "x = 'a' + 1": f"line 1: {OPERATORS} {NOT_READ}",
    "x = [1] * True": f"line 1: {OPERATORS} {NOT_READ}",
    "x = [1] * 1.5": f"line 1: {OPERATORS} {NOT_READ}",
    "x = 7 % 2": f"line 1: {OPERATORS} {NOT_READ}",
    "x = list('abc')": f"line 1: a call of list(...) with something other than a list {NOT_READ}",
    "x = dict([])": f"line 1: a call of dict(...) with something other than a dictionary {NOT_READ}",
    "x = y": "line 1: 'y' is not set above this line; "
    "a control file may hold only assignments of literals, Player(...) and Matchup(...)",
    "Player = 1": "line 1: Player may be called but not set",
    "x = Player('a', 'b')": "line 1: Player(...) takes command without a name, and no more",
    "x = Matchup('a', 'b', 'c')": "line 1: "
    "Matchup(...) takes player_1 and player_2 without a name, and no more",
    "x = Player('a',\n    command='b')": "line 2: command is there twice",
    "x = Player(cwd='a', cwd='b')": "line 1: cwd is there twice",
    "x = {'a': 1,\n 'a': 2}": "line 2: 'a' is there twice",
    "x = {(1, 2): 3}": "line 1: a key must be a text or a number",
    "x = '%d' % 'a'": "line 1: %d format: a real number is required, not str",
    "x = '%d' % (1, 2)": "line 1: not all arguments converted during string formatting",
    "x = '%s' % [1]": f"line 1: {FILLED_IN}",
    "x = '%9999d' % 1": f"line 1: {FILLED_IN}",
    "x = '%*d' % (9, 1)": f"line 1: {FILLED_IN}",
    "x = '%(a)s' % {'a': 1}": f"line 1: {FILLED_IN}",
    "x = '\\ud800'": "line 1: '\\ud800' has half of a character",
    "x = 9223372036854775808": "line 1: "
    "a number must lie between -9223372036854775807 and 9223372036854775807",
    "competition_type = 'mc_tuner'\ndef make_candidate(): pass": "line 1: competition_type='mc_tuner': "
    "must be playoff or allplayall",
    "competition_type = 'ce_tuner'": "line 1: competition_type='ce_tuner': must be playoff or allplayall",
}

TOO_MUCH = {
    "repetition": "x = 'a' * 10000000000",
    "repetition of a list": "x = [0] * 10000000000",
    "repetition of repetition": "x = 'ab' * 1000000\ny = [x] * 1000",
    "references": "a = [0, 0]\n" + "a = [a, a]\n" * 50,
    "steps": "a = 'x' * 100000\n" + "a = a + 'x'\n" * 50,
    "depth by references": "a = [0]\n" + "a = [a]\n" * 200,
    "depth": "x = " + "-" * 3000 + "1",
    "depth of sums": "x = " + "+".join(["1"] * 20_000),
    "brackets": "x = " + "[" * 3000,
    "attributes": "x = a" + ".a" * 20_000,
    "digits": "x = " + "9" * 5000,
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    text, expected = VALUES[name]
    assert ctl.parse(text).values["x"].plain() == expected


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_by_line(text):
    with pytest.raises(ValueError) as error:
        ctl.parse(text)
    assert str(error.value) == REFUSED[text]


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_would_take_all_memory_is_refused(name):
    with pytest.raises(ValueError) as error:
        ctl.parse(TOO_MUCH[name])
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nprint 'x'", 2),
        ("x = 1\n\nx = [1", 3),
        ("x = 010", 1),
        ("x = 'a", 1),
        ("x = 1\n  y = 2", 2),
        ("exec 'x'", 1),
    ],
)
def test_what_is_not_python_is_refused_by_line(text, line):
    with pytest.raises(ValueError, match=rf"^line {line}: .*; a control file may hold only [^\n]*$"):
        ctl.parse(text)


def test_values_know_their_lines_and_makers():
    script = ctl.parse("level = 3\nplayers = {\n  'a':\n    Player('x',\n      cwd='y'),\n}\nkomi = level\n")
    player = script.values["players"].value["a"]
    assert script.values["players"].line == 2
    assert (player.maker, player.line) == ("Player", 3)
    assert player.value["cwd"].line == 5
    assert script.values["komi"].line == 7
    assert script.used == {"level"}


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-sourced.LARGEST_NUMBER, sourced.LARGEST_NUMBER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
literals = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.integers(2, 9), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(literals)
def test_literals_are_what_python_takes_them_for(value):
    read = ctl.parse(f"x = {value!r}").values["x"].plain()
    assert read == ast.literal_eval(repr(value)) == value
    assert repr(read) == repr(value)


CODE = [
    "__import__('os').system('true')",
    "__import__('antigravity')",
    "eval('1')",
    "exec('import antigravity')",
    "open('/tmp/alphazero-was-here', 'w')",
    "print(1)",
    "().__class__.__base__.__subclasses__()",
    "Player.__init__.__globals__",
    "Player('a').command",
    "'{0.__class__}'.format(1)",
    "f\"{__import__('antigravity')}\"",
    "(lambda: 0)()",
    "[x for x in open('/etc/hostname')]",
    "(y := __import__('antigravity'))",
    "dict.fromkeys('a')",
    "getattr(1, 'real')",
    "(yield)",
    "`1`",
]
PLACES = [
    "{}",
    "x = {}",
    "x = [1, {}]",
    "x = {{'a': {}}}",
    "x = {{{}: 1}}",
    "x = '%s' % {}",
    "x = 'a' + {}",
    "x = [1] * {}",
    "x = Player({})",
    "players = {{'a': Player('b', cwd={})}}",
    "x = Matchup('a', {})",
    "x = dict(a={})",
    "x = list({})",
    "x = Player(*{})",
    "x = Player(**{})",
    "{}.x = 1",
    "x[{}] = 1",
    "x: {} = 1",
    "@{}\ndef f(): pass",
    "def f(a={}): pass",
    "class A({}): pass",
    "if {}: pass",
    "assert {}",
    "raise {}",
    "with {}: pass",
    "del {}",
    "for x in {}: pass",
]
_events: list[str] = []
_is_listening = False


def _listen(event: str, arguments: tuple) -> None:
    # Python looks for the line of a syntax error in the file of the text, which has none.
    if _is_listening and not (event == "open" and arguments[0] == "<unknown>"):
        _events.append(event)


sys.addaudithook(_listen)  # for good: Python has no way to take one back


def events_of(work):
    """What Python's audit says that `work` did, besides turning text into a tree."""
    global _is_listening
    _events.clear()
    _is_listening = True
    try:
        work()
    finally:
        _is_listening = False
    return [event for event in _events if event != "compile"]


def parse_and_be_refused(text):
    with pytest.raises(ValueError, match=r"^(line \d+: |nested)") as error:
        ctl.parse(text)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", CODE)
def test_code_is_refused_and_not_executed(place, code):
    text = "y = 1\n" + place.format(code)
    assert events_of(lambda: parse_and_be_refused(text)) == []


def test_what_is_executed_would_be_heard():
    assert "exec" in events_of(lambda: exec("1"))
    assert "open" in events_of(lambda: open("/dev/null").close())


words = ["Player(", "Matchup('a', ", "'a'", "'%s' % ", "lambda", "import ", "for ", "'''", "\n  "]
fragments = st.sampled_from([*CODE, *PLACES, *words, *"xy =[]{}(),:;'%1-+*.\\#@\n\0"])


@given(st.lists(fragments, max_size=12).map("".join) | st.text())
def test_no_text_executes_anything(text):
    said = []

    def parse():
        try:
            ctl.parse(text)
        except ValueError as error:
            said.append(str(error))

    assert events_of(parse) == []
    assert all(len(line.splitlines()) == 1 for line in said)
