"""Tests of the limits on control files: hostile files are refused in one line within a second."""

import time
import tracemalloc

import pytest

from alphazero.competition.control_files import ctl

LONGEST_S = 1.0
MOST_BYTES = 2**25
DOUBLING = "x = ['a']\nfor i in range(60):\n    "

HOSTILE = {
    "repetition": "x = 'a' * 10**9",
    "repetition of a list": "x = [0] * 10**10",
    "repetition from the left": "x = 10**9 * 'a'",
    "repetition of repetition": "x = 'ab' * 1000000\ny = [x] * 1000\nz = ','.join(y)",
    "repetition in place": DOUBLING + "x *= 2",
    "a power": "x = 10**10**10",
    "a power of a power": "x = 9\nfor i in range(9):\n    x = x ** x",
    "a product": "x = 3\nfor i in range(99):\n    x *= x",
    "a width": "x = '%999999999d' % 1",
    "a precision": "x = '%.999999999f' % 1",
    "a width that is an argument": "x = '%*d' % (10**9, 1)",
    "widths": "x = ('%999d' * 60000) % tuple(range(60000))",
    "a name in many places": "x = ('%(a)s' * 9999) % {'a': 'b' * 9999}",
    "a width of format": "x = '{:>99999999}'.format(1)",
    "a nested width of format": "x = '{:>{}}'.format(1, 10**9)",
    "many fields of format": "x = ('{0}' * 9999).format('b' * 9999)",
    "many widths of format": "x = ('{0:>999}' * 60000).format(1)",
    "a width of an f-string": "y = 10**9\nx = f'{1:>{y}}'",
    "attributes of a format": "x = '{0.__class__.__mro__}'.format(1)",
    "items of a format": "x = '{0[0].__class__}'.format([1])",
    "joining": "x = ('a' * 9999).join(['b'] * 9999)",
    "replacing": "x = ('a' * 99999).replace('a', 'b' * 99999)",
    "replacing nothing": "x = ('a' * 99999).replace('', 'b' * 99999)",
    "a range": "x = range(10**12)",
    "ranges": "x = [i for i in range(10**5) for j in range(10**5)]",
    "an endless loop": "x = [0]\nfor i in x:\n    x.append(i)",
    "an endless loop of nothing": "x = [0]\nfor i in x: x += x",
    "loops": "for a in range(999):\n    for b in range(999):\n        for c in range(999): pass",
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "recursion that branches": "def f(n):\n    return 0 if n < 0 else f(n - 1) + f(n - 1)\nf(24)",
    "doubling of lists": DOUBLING + "x = x + x",
    "doubling of texts": "x = 'a'\nfor i in range(60):\n    x += x",
    "doubling of extended lists": DOUBLING + "x.extend(x)",
    "references as text": DOUBLING + "x = [x, x]\ny = str(x)",
    "references compared": "x = y = 0\nfor i in range(60):\n    x, y = [x, x], [y, y]\nx == y",
    "a search among references": "x = y = 0\nfor i in range(60):\n    x, y = [x, x], [y, y]\nz = x in [y]",
    "references sorted": "x = y = 0\nfor i in range(60):\n    x, y = [x, x], [y, y]\nz = sorted([x, y])",
    "references in the result": DOUBLING + "x = [x, x]",
    "a circle": "x = []\nx.append(x)",
    "a circle as text": "x = []\nx.append(x)\ny = str(x)",
    "circles compared": "x = []\nx.append(x)\ny = []\ny.append(y)\nx == y",
    "a circle of dictionaries": "x = {}\nx['a'] = x",
    "a circle of records": "x = {}\nx['a'] = Player('b', environ=x)",
    "sorting of long texts": "x = sorted(['a' * 99999 + str(i) for i in range(30)] * 999)",
    "repeated sorting": "y = list(range(9999))\nfor i in range(99): x = sorted(y)",
    "searching": "x = range(9999)\ny = [i for i in x if i not in x]",
    "keys with the same hash": "x = {(a, b, c): 1 for a in (-1, -2) for b in (-1, -2) for c in (-1, -2)}",
    "many arguments": "def f(*a, **b): return 0\nx = list(range(9999))\nfor i in range(999): f(*x)",
    "steps": "a = 'x' * 100000\n" + "a = a + 'x'\n" * 50,
    "depth by references": "a = [0]\n" + "a = [a]\n" * 200,
    "depth by many references": "a = [0]\nfor i in range(9999): a = [a]",
    "depth": "x = " + "-" * 3000 + "1",
    "depth of sums": "x = " + "+".join(["1"] * 20_000),
    "brackets": "x = " + "[" * 3000,
    "attributes": "x = a" + ".a" * 20_000,
    "methods": "x = 'a'" + ".strip()" * 9_000,
    "conditions": "x = " + "1 if 0 else " * 9_000 + "2",
    "functions within functions": "\n".join(" " * i + "def f():" for i in range(90))
    + "\n"
    + " " * 90
    + "pass",
    "digits": "x = " + "9" * 5000,
    "digits in a text": "x = int('9' * 99999)",
    "digits of a number": "x = str(int(1e300))",
}

BUSY = {
    "items": "x = [" + "1," * 131_000 + "]",
    "texts": "x = [" + "'a'," * 65_000 + "]",
    "names": "".join(f"a{i} = {i}\n" for i in range(19_000)),
    "a loop": "x = 0\nfor i in range(20000): x += i % 7",
    "players": "players = {}\nfor i in range(900):\n    players['p%d' % i] = Player('x --seed=%d' % i)\n",
    "a long text": "x = '" + "a" * 260_000 + "'",
}


def parse_timed(text):
    """CPU seconds of parsing, and the error message."""
    start = time.process_time()
    try:
        ctl.parse(text)
    except ValueError as error:
        message = str(error)
    else:
        message = ""
    return time.process_time() - start, message


@pytest.mark.parametrize("name", HOSTILE)
def test_what_asks_for_too_much_is_refused_at_once(name):
    seconds, message = parse_timed(HOSTILE[name])
    assert message
    assert len(message.splitlines()) == 1
    assert len(message) < 400
    assert seconds < LONGEST_S


LARGE_TEXTS = [
    "widths",
    "a name in many places",
    "many fields of format",
    "many widths of format",
    "joining",
    "replacing nothing",
]


@pytest.mark.parametrize("name", LARGE_TEXTS)
def test_texts_are_refused_before_they_take_memory(name):
    tracemalloc.start()
    try:
        parse_timed(HOSTILE[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES


@pytest.mark.slow  # a second each
@pytest.mark.parametrize("name", BUSY)
def test_large_files_take_a_few_seconds_at_most(name):
    seconds, _ = parse_timed(BUSY[name])
    assert seconds < 5 * LONGEST_S


def test_hundreds_of_players_are_accepted():
    assert len(ctl.parse(BUSY["players"]).values["players"].value) == 900
