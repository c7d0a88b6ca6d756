"""Tests of unsupported content in control files: each error names the line and the reason."""

import pytest

from alphazero.competition.control_files import ctl, ctl_calls

ALLOWED = (
    "a control file may contain assignments, conditions, for loops, functions, Player(...) and Matchup(...)"
)
UNSUPPORTED = f"is not supported; {ALLOWED}"
PERCENT = "% formatting supports %s, %r, %d, %i, %x, %o, %f, %e and %g, widths below 1000, and names"
SPEC = "a format may have an alignment, a sign, a width below 1000 and a type such as d, s, f or x"
FIELD = "a format field must be a name or a number"

REFUSED = {
    "x = 1\nclass A: pass": f"line 2: a class {UNSUPPORTED}",
    "import os": f"line 1: an import {UNSUPPORTED}",
    "from os import system": f"line 1: an import {UNSUPPORTED}",
    "if 0:\n    import os": f"line 2: an import {UNSUPPORTED}",
    "def f():\n    while 1: pass": f"line 2: a while loop {UNSUPPORTED}",
    "def f():\n    def g(): pass": f"line 2: a function within a function {UNSUPPORTED}",
    "@f\ndef g(): pass": f"line 1: a decorator {UNSUPPORTED}",
    "def f(a: int): pass": f"line 1: an annotation {UNSUPPORTED}",
    "def f() -> 1: pass": f"line 1: an annotation {UNSUPPORTED}",
    "def f(a, /): pass": f"line 1: a positional-only argument {UNSUPPORTED}",
    "async def f(): pass": f"line 1: an asynchronous function {UNSUPPORTED}",
    "def f():\n    global y": f"line 2: Python's Global {UNSUPPORTED}",
    "def f():\n    yield": f"line 2: Python's Yield {UNSUPPORTED}",
    "for y in []: pass\nelse:\n    x = 1": f"line 3: an else of a loop {UNSUPPORTED}",
    "try:\n    x = 1\nexcept: pass": f"line 1: Python's Try {UNSUPPORTED}",
    "return 1": f"line 1: a return outside a function {UNSUPPORTED}",
    "x = 1\nbreak": f"line 2: a break or continue outside a loop {UNSUPPORTED}",
    "x = ''.join": f"line 1: an attribute other than a method that is called {UNSUPPORTED}",
    "x = (1).__class__": f"line 1: an attribute other than a method that is called {UNSUPPORTED}",
    "x = [1,\n'a'.encode()]": f"line 2: a call of .encode {UNSUPPORTED}",
    "x = [1].join('a')": f"line 1: a call of .join {UNSUPPORTED}",
    "x = Player('a').get('command')": f"line 1: a call of .get {UNSUPPORTED}",
    "x = open('a')": f"line 1: a call of open {UNSUPPORTED}",
    "def f():\n    return eval('1')\nx = f()": f"line 2: a call of eval {UNSUPPORTED}",
    "x = Competitor('a')": f"line 1: a call of Competitor {UNSUPPORTED}",
    "x = [1][0]()": f"line 1: a call of a value {UNSUPPORTED}",
    "x = lambda: 1": f"line 1: a lambda {UNSUPPORTED}",
    "x = (y for y in [])": f"line 1: a generator here {UNSUPPORTED}",
    "x = len(y for y in [])": f"line 1: a generator here {UNSUPPORTED}",
    "x = *[1],\ny, *z = x": f"line 2: an assignment to something other than a name or an item {UNSUPPORTED}",
    "x: int = 1": f"line 1: an annotation {UNSUPPORTED}",
    "x = (y := 1)": f"line 1: an assignment within an expression {UNSUPPORTED}",
    "del x": f"line 1: Python's Delete {UNSUPPORTED}",
    "x = b'a'": f"line 1: a literal of this kind {UNSUPPORTED}",
    "x = 1j": f"line 1: a literal of this kind {UNSUPPORTED}",
    "x = ...": f"line 1: a literal of this kind {UNSUPPORTED}",
    "x = {1}": f"line 1: a set {UNSUPPORTED}",
    "x = {y for y in []}": f"line 1: a set {UNSUPPORTED}",
    "x = [1]\nx[:] = []": f"line 2: an assignment to a slice {UNSUPPORTED}",
    "x = 1\nx.a = 1": f"line 2: an assignment to something other than a name or an item {UNSUPPORTED}",
    "x = 1 << 9": f"line 1: the operator LShift {UNSUPPORTED}",
    "x = ~1": f"line 1: the operator Invert {UNSUPPORTED}",
    "x = -'a'": "line 1: bad operand type for unary -: 'str'",
    "x = 'a' + 1": 'line 1: can only concatenate str (not "int") to str',
    "x = [1] * 1.5": "line 1: can't multiply sequence by non-int of type 'float'",
    "x = 7 / 2": "line 1: / of whole numbers differs between Python 2 and 3; use // or make one a float",
    "x = 1\nx //= 0": "line 2: integer division or modulo by zero",
    "x = (-1) ** 0.5": "line 1: a number must be real",
    "x = 1 < 'a'": "line 1: '<' not supported between instances of 'int' and 'str'",
    "x = 'a' is 'a'": "line 1: is compares only with None, True and False; use ==",
    "x = Player('a') == Player('a')": "line 1: Player(...) cannot be compared or turned into text",
    "x = str([Player('a')])": "line 1: Player(...) cannot be compared or turned into text",
    "x = Player('a')['command']": "line 1: 'CallRecord' object is not subscriptable",
    "def f(): pass\nx = f": "line 2: the function f can only be called",
    "x = [str]": "line 1: str can only be called",
    "x = 1\ny = x()": "line 2: x is not a function",
    "x = y": f"line 1: 'y' is not set above this line; {ALLOWED}",
    "y = 1\ndef f():\n    x = y\n    y = 2\nf()": f"line 3: 'y' is not set before it is used; {ALLOWED}",
    "x = [[z for y in [1] for z in z] for a in [1]]": f"line 1: 'z' is not set before it is used; {ALLOWED}",
    "x = [1][1]": "line 1: list index out of range",
    "x = {'a': 1}['b']": "line 1: there is no key 'b'",
    "a, b = 1, 2, 3": "line 1: 3 values cannot be unpacked into 2 names",
    "a, b = 1": "line 1: 'int' object is not iterable",
    "for y in 3: pass": "line 1: 'int' object is not iterable",
    "x = {'a': 1}\nfor y in x: x[y + y] = 1": "line 2: dictionary changed size during iteration",
    "def f(a): pass\nf()": "line 2: f(...) needs the argument a",
    "def f(a): pass\nf(1, 2)": "line 2: f(...) takes at most 1 positional arguments",
    "def f(a): pass\nf(1,\n a=2)": "line 2: a is given twice",
    "def f(a): pass\nf(1, b=2)": "line 2: f(...) has no argument b",
    "x = int('a')": "line 1: invalid literal for int() with base 10: 'a'",
    "x = int('10', 2)": "line 1: int(...) takes 0 to 1 positional arguments",
    "x = sorted([1], key=len)": "line 1: len can only be called",
    "x = sorted([1], key=1)": "line 1: sorted(...) does not take key=",
    "x = sorted([1, 'a'])": "line 1: '<' not supported between instances of 'str' and 'int'",
    "x = ','.join([1])": "line 1: sequence item 0: expected str instance, int found",
    "x = list(1)": "line 1: 'int' object is not iterable",
    "x = dict([1])": "line 1: 'int' object is not iterable",
    "x = dict(['abc'])": "line 1: dict(...) takes pairs of a key and a value",
    "x = {**[1]}": "line 1: ** needs a dictionary",
    "x = Player(**{1: 2})": "line 1: 1 is not the name of an argument",
    "Player = 1": "line 1: Player cannot be assigned, only called",
    "def Matchup(): pass": "line 1: Matchup cannot be assigned, only called",
    "def f(str): pass": "line 1: str cannot be assigned, only called",
    "x = [1 for len in []]": "line 1: len cannot be assigned, only called",
    "x = Player('a', 'b')": "line 1: Player(...) takes only command without a keyword",
    "x = Matchup('a', 'b', 'c')": "line 1: Matchup(...) takes only player_1 and player_2 without a keyword",
    "x = Player('a',\n    command='b')": "line 2: command is given twice",
    "x = Player(cwd='a', cwd='b')": "line 1: cwd is given twice",
    "x = {'a': 1,\n 'a': 2}": "line 2: 'a' is given twice",
    "x = {(1, 2): 3}": "line 1: a key must be a text or a number",
    "x = {}\nx[Player('a')] = 3": "line 2: a key must be a text or a number",
    "x = '%d' % 'a'": "line 1: %d format: a real number is required, not str",
    "x = '%d' % (1, 2)": "line 1: not all arguments converted during string formatting",
    "x = '%9999d' % 1": f"line 1: {PERCENT}",
    "x = '%*d' % (9, 1)": f"line 1: {PERCENT}",
    "x = '%c' % 55296": f"line 1: {PERCENT}",
    "x = '{:n}'.format(1)": f"line 1: {SPEC}",
    "x = '{:{}}'.format(1, 9)": f"line 1: {SPEC}",
    "x = f'{1:{9999}}'": f"line 1: {SPEC}",
    "x = '{0.__class__}'.format(1)": f"line 1: {{0.__class__}}: {FIELD}",
    "x = '{a[0]}'.format(a=[1])": f"line 1: {{a[0]}}: {FIELD}",
    "x = '{'.format(1)": "line 1: Single '{' encountered in format string",
    "x = '{} {}'.format(1)": "line 1: Replacement index 1 out of range for positional args tuple",
    "x = '\\ud800'": "line 1: '\\ud800' contains half of a surrogate pair",
    "x = 9223372036854775808": "line 1: a number must be from -9223372036854775807 to 9223372036854775807",
    "competition_type = 'mc_tuner'\nimport os": "line 1: competition_type='mc_tuner': "
    "must be playoff or allplayall",
    "competition_type = ['ce_tuner']": "line 1: competition_type=['ce_tuner']: must be playoff or allplayall",
}


@pytest.mark.parametrize("text", REFUSED)
def test_unsupported_content_is_refused_by_line(text):
    with pytest.raises(ValueError) as error:
        ctl.parse(text)
    assert str(error.value) == REFUSED[text]


def test_only_listed_methods_are_supported():
    names = {name for kind in (str, list, dict) for name in dir(kind)}
    supported = {name for name in names if is_supported(f"if 0:\n    x.{name}()")}
    assert supported == set().union(*ctl_calls.METHODS.values())
    assert not any(name.startswith("_") for name in supported)


def is_supported(text):
    try:
        ctl.parse(text)
    except ValueError:
        return False
    return True
