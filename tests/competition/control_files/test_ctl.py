"""Tests of the interpreter of control files: it gives Python's values and executes no code."""

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.competition.control_files import ctl, sourced

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
    "a variable that is assigned again": ("y = 1\nx = y\ny = 2", 1),
    "two statements on a line": ("y = 1; x = y", 1),
    "sums": ("x = [1 + 2.5, 'a' + 'b', [1] + [2], (1,) + (2,)]", [3.5, "ab", [1, 2], (1, 2)]),
    "products": ("x = [2 * 3, 2.5 * 2, 'ab' * 2, [0] * 3, [0] * -1]", [6, 5.0, "abab", [0, 0, 0], []]),
    "a % of a number": ("x = '--level=%d' % 3", "--level=3"),
    "a % of several": ("level = 2\nx = '%s %03d %.1f%%' % ('a', level, 0.25)", "a 002 0.2%"),
    "a player": ("x = Player('gnugo', cwd='a')", {"command": "gnugo", "cwd": "a"}),
    "a named command": ("x = Player(command='gnugo')", {"command": "gnugo"}),
    "a matchup": ("x = Matchup('a', 'b', komi=0.5)", {"player_1": "a", "player_2": "b", "komi": 0.5}),
    "half a matchup": ("x = Matchup('a', player_2='b')", {"player_1": "a", "player_2": "b"}),
    "a dictionary": ("y = dict(a=1)\nx = dict(y, a=2, b=3)", {"a": 2, "b": 3}),
    "an empty dictionary and list": ("x = [dict(), list()]", [{}, []]),
    "a list of a tuple": ("x = list((1, 2))", [1, 2]),
    "a text before everything": ("'''What this is.'''\nx = 1", 1),
    "comments and blanks": ("# first\n\nx = [ # second\n 1]\n", [1]),
    "ends of lines as on Windows": ("x = '''a\r\nb'''\r\n", "a\nb"),
    "texts between statements": ("'one'\nx = 1\n'''two\nlines'''\n'three' 'four'", 1),
    "a coding line": ("# -*- coding: utf-8 -*-\nx = 1", 1),
    "statements without effect": ("pass\nprint('a', 1)\nx = 1\nx\n3", 1),
    "a repeated list": ("x = [1] * True", [1]),
    "arithmetic": (
        "x = [7 // 2, -7 // 2, 7 % 4, 2 ** 9, 2 ** -1, 7 / 2.0, 3 - 5]",
        [3, -4, 3, 512, 0.5, 3.5, -2],
    ),
    "comparisons": ("x = [1 < 2 <= 2, 1 == 1.0, 'a' in 'cab', 3 not in [1], None is None]", [True] * 5),
    "and, or, not": ("x = [1 and 0, 0 or 'a', not [], 0 and y]", [0, "a", True, 0]),
    "a conditional": ("x = ['a' if 2 > 1 else y, 1 if [] else 2]", ["a", 2]),
    "an index": ("y = {'a': [1, 2, 3]}\nx = [y['a'][-1], 'abc'[1], (4, 5)[0]]", [3, "b", 4]),
    "slices": ("x = [[1, 2, 3][1:], 'abc'[::-1], (1, 2)[:1]]", [[2, 3], "cba", (1,)]),
    "an f-string": ("y = 2\nx = f'{y:03d} {y!r:>3} {{}} {\"a\":{y + 1}}'", "002   2 {} a  "),
    "a format": ("x = '{} {} {b!r:>4} {{}}'.format(1, 'a', b='c')", "1 a  'c' {}"),
    "a format by numbers": ("x = '{1}{0}{1:.1f}'.format('a', 2)", "2a2.0"),
    "a format of a dictionary": ("y = {'code': '/c'}\nx = '{code}/gogo'.format(**y)", "/c/gogo"),
    "a % of a dictionary": ("x = '%(a)s-%(b)03d' % {'a': 1, 'b': 2}", "1-002"),
    "a % of a list": ("x = '%s' % [1, 'a']", "[1, 'a']"),
    "a long %": ("x = '%-6d|%+.2e' % (1, 2)", "1     |+2.00e+00"),
    "methods of texts": (
        "x = [','.join(['a', 'b']), 'a b'.split(), 'a,b'.split(',', 1), 'Ab'.lower(), 'Ab'.upper(), "
        "' a '.strip(), 'aba'.replace('a', 'cc'), 'ab'.startswith('a'), 'ab'.endswith(('x', 'b'))]",
        ["a,b", ["a", "b"], ["a", "b"], "ab", "AB", "a", "ccbcc", True, True],
    ),
    "methods of lists": (
        "x = [1]\ny = x.copy()\nx.append(2)\nx.extend((3, 4))\nx.append(y)",
        [1, 2, 3, 4, [1]],
    ),
    "methods of dictionaries": (
        "y = {'a': 1}\nz = y.copy()\ny.update({'b': 2}, c=3)\ny.update([('d', 4)])\n"
        "x = [y.items(), y.keys(), y.values(), z, y.get('e'), y.get('e', 0)]",
        [[("a", 1), ("b", 2), ("c", 3), ("d", 4)], [*"abcd"], [1, 2, 3, 4], {"a": 1}, None, 0],
    ),
    "conversions": (
        "x = [str(), str(1.5), int('7'), int(2.9), float('0.5'), len('abc')]",
        ["", "1.5", 7, 2, 0.5, 3],
    ),
    "ranges": ("x = [range(3), range(1, 3), range(5, 0, -2)]", [[0, 1, 2], [1, 2], [5, 3, 1]]),
    "lists of all kinds": (
        "x = [list('ab'), tuple([1]), list({'a': 1}), dict([('a', 1)])]",
        [["a", "b"], (1,), ["a"], {"a": 1}],
    ),
    "sorted": ("x = [sorted([2, 1, 3]), sorted('cab', reverse=True)]", [[1, 2, 3], ["c", "b", "a"]]),
    "zip and enumerate": (
        "x = [zip('ab', [1, 2, 3]), list(enumerate('a', 1))]",
        [[("a", 1), ("b", 2)], [(1, "a")]],
    ),
    "comprehensions": (
        "x = [[y * z for y in range(3) if y for z in (1, 10)], {c: i for i, c in enumerate('ab')}]",
        [[1, 10, 2, 20], {"a": 0, "b": 1}],
    ),
    "a comprehension's own names": ("y = [1, 2]\nx = [[y for y in y], y]", [[1, 2], [1, 2]]),
    "generators": (
        "x = [','.join(str(y) for y in [1, 2]), dict((y, 1) for y in 'ab')]",
        ["1,2", {"a": 1, "b": 1}],
    ),
    "unpacking": ("a, (b, c) = 1, [2, 'z']\nx = [c, b, a]", ["z", 2, 1]),
    "items that are set": ("x = {'a': [1, 2]}\nx['a'][-1] = 3\nx['b'] = 0", {"a": [1, 3], "b": 0}),
    "computed assignments": ("x = [1]\ny = x\nx += [2]\nx *= 2\nx[0] -= 4\ny += 'a'", [-3, 2, 1, 2, "a"]),
    "a condition": ("y = 3\nif y > 3:\n    x = 1\nelif y == 3:\n    x = 2\nelse:\n    x = 3", 2),
    "a loop": (
        "x = []\nfor y in range(9):\n    if y == 1:\n        continue\n"
        "    if y == 4:\n        break\n    x.append(y)",
        [0, 2, 3],
    ),
    "a loop over a list that it changes": (
        "x = [1, 2]\nfor y in x:\n    if y < 4:\n        x.append(y + 2)",
        [1, 2, 3, 4, 5],
    ),
    "a function": (
        "def f(a, b=2, *c, d, **e):\n    'says what'\n    return [a, b, c, d, e]\n"
        "x = [f(1, d=0), f(*[1, 3, 4], **{'d': 5, 'e': 6})]",
        [[1, 2, (), 0, {}], [1, 3, (4,), 5, {"e": 6}]],
    ),
    "a function of functions": (
        "def g(n):\n    return n + 1\n"
        "def f(n):\n    if n > 4:\n        return n\n    return f(g(n))\nx = f(0)",
        5,
    ),
    "a function that returns nothing": ("y = [1]\ndef f():\n    y.append(2)\nx = [f(), y]", [None, [1, 2]]),
    "a default that is evaluated once": (
        "def f(a, b=[]):\n    b.append(a)\n    return b\nf(1)\nx = f(2)",
        [1, 2],
    ),
    "local names": ("y = 1\ndef f():\n    y = 2\n    return y\nx = [f(), y]", [2, 1]),
    "a return out of a loop": (
        "def f(n):\n    for y in range(9):\n        if y == n:\n            return y\nx = [f(3), f(10)]",
        [3, None],
    ),
    "a player with starred settings": (
        "y = dict(cwd='a')\ndef p(n, **more):\n    return Player('g %d' % n, **more)\n"
        "x = p(1, allow_claim=True, **y)",
        {"command": "g 1", "allow_claim": True, "cwd": "a"},
    ),
    "starred values": ("y = [1, 2]\nx = [[0, *y], {**{'a': 1}, 'b': 2}]", [[0, 1, 2], {"a": 1, "b": 2}]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    text, expected = VALUES[name]
    assert ctl.parse(text).values["x"].plain() == expected


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
def test_syntax_errors_are_refused_by_line(text, line):
    with pytest.raises(ValueError, match=rf"^line {line}: .*; a control file may contain [^\n]*$"):
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
def test_literals_have_python_s_values(value):
    read = ctl.parse(f"x = {value!r}").values["x"].plain()
    assert read == ast.literal_eval(repr(value)) == value
    assert repr(read) == repr(value)


CODE = [
    "__import__('os').system('true')",
    "__import__('antigravity')",
    "eval('1')",
    "exec('import antigravity')",
    "open('/tmp/alphazero-was-here', 'w')",
    "print(open('a'))",
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
    # Python opens "<unknown>" to show the line of a syntax error.
    if _is_listening and not (event == "open" and arguments[0] == "<unknown>"):
        _events.append(event)


sys.addaudithook(_listen)  # permanent: Python cannot remove an audit hook


def events_of(work):
    """Python's audit events during `work`, except those of parsing and id()."""
    global _is_listening
    _events.clear()
    _is_listening = True
    try:
        work()
    finally:
        _is_listening = False
    return [event for event in _events if event not in ("compile", "builtins.id")]


def check_refusal(text):
    with pytest.raises(ValueError, match=r"^(line \d+: |nested)") as error:
        ctl.parse(text)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", CODE)
def test_code_is_refused_and_not_executed(place, code):
    text = "y = 1\n" + place.format(code)
    assert events_of(lambda: check_refusal(text)) == []


def test_execution_would_be_noticed():
    assert "exec" in events_of(lambda: exec("1"))
    assert "open" in events_of(lambda: open("/dev/null").close())


words = ["Player(", "Matchup('a', ", "'a'", "'%s' % ", "lambda", "import ", "for ", "'''", "\n  "]
fragments = st.sampled_from([*CODE, *PLACES, *words, *"xy =[]{}(),:;'%1-+*.\\#@\n\0"])


@given(st.lists(fragments, max_size=12).map("".join) | st.text())
def test_no_text_executes_anything(text):
    messages = []

    def parse():
        try:
            ctl.parse(text)
        except ValueError as error:
            messages.append(str(error))

    assert events_of(parse) == []
    assert all(len(message.splitlines()) == 1 for message in messages)
