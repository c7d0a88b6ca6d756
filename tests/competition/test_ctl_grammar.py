"""What control files may not hold: each refusal names the line and the reason."""

import pytest

from alphazero.competition import ctl, ctl_calls

ALLOWED = (
    "a control file may hold assignments, conditions, for loops, functions, Player(...) and Matchup(...)"
)
NOT_READ = f"is not read; {ALLOWED}"
PERCENT = "the % of a text takes %s, %r, %d, %i, %x, %o, %f, %e and %g, widths below 1000, and names"
SPEC = "a format may have an alignment, a sign, widths below 1000 and a type such as d, s, f or x"
FIELD = "a field of a format must be a name or a number"

REFUSED = {
    "x = 1\nclass A: pass": f"line 2: a class {NOT_READ}",
    "import os": f"line 1: an import {NOT_READ}",
    "from os import system": f"line 1: an import {NOT_READ}",
    "if 0:\n    import os": f"line 2: an import {NOT_READ}",
    "def f():\n    while 1: pass": f"line 2: a while loop {NOT_READ}",
    "def f():\n    def g(): pass": f"line 2: a function within a function {NOT_READ}",
    "@f\ndef g(): pass": f"line 1: a decorator {NOT_READ}",
    "def f(a: int): pass": f"line 1: an annotation {NOT_READ}",
    "def f() -> 1: pass": f"line 1: an annotation {NOT_READ}",
    "def f(a, /): pass": f"line 1: an argument without a name {NOT_READ}",
    "async def f(): pass": f"line 1: an asynchronous function {NOT_READ}",
    "def f():\n    global y": f"line 2: Python's Global {NOT_READ}",
    "def f():\n    yield": f"line 2: Python's Yield {NOT_READ}",
    "for y in []: pass\nelse:\n    x = 1": f"line 3: an else of a loop {NOT_READ}",
    "try:\n    x = 1\nexcept: pass": f"line 1: Python's Try {NOT_READ}",
    "return 1": f"line 1: a return outside a function {NOT_READ}",
    "x = 1\nbreak": f"line 2: a break or continue outside a loop {NOT_READ}",
    "x = ''.join": f"line 1: an attribute other than a method that is called {NOT_READ}",
    "x = (1).__class__": f"line 1: an attribute other than a method that is called {NOT_READ}",
    "x = [1,\n'a'.encode()]": f"line 2: a call of .encode {NOT_READ}",
    "x = [1].join('a')": f"line 1: a call of .join {NOT_READ}",
    "x = Player('a').get('command')": f"line 1: a call of .get {NOT_READ}",
    "x = open('a')": f"line 1: a call of open {NOT_READ}",
    "def f():\n    return eval('1')\nx = f()": f"line 2: a call of eval {NOT_READ}",
    "x = Competitor('a')": f"line 1: a call of Competitor {NOT_READ}",
    "x = [1][0]()": f"line 1: a call of a value {NOT_READ}",
    "x = lambda: 1": f"line 1: a lambda {NOT_READ}",
    "x = (y for y in [])": f"line 1: a generator here {NOT_READ}",
    "x = len(y for y in [])": f"line 1: a generator here {NOT_READ}",
    "x = *[1],\ny, *z = x": f"line 2: an assignment to something other than a name or an item {NOT_READ}",
    "x: int = 1": f"line 1: an annotation {NOT_READ}",
    "x = (y := 1)": f"line 1: an assignment within an expression {NOT_READ}",
    "del x": f"line 1: Python's Delete {NOT_READ}",
    "x = b'a'": f"line 1: a literal of this kind {NOT_READ}",
    "x = 1j": f"line 1: a literal of this kind {NOT_READ}",
    "x = ...": f"line 1: a literal of this kind {NOT_READ}",
    "x = {1}": f"line 1: a set {NOT_READ}",
    "x = {y for y in []}": f"line 1: a set {NOT_READ}",
    "x = [1]\nx[:] = []": f"line 2: an assignment to a slice {NOT_READ}",
    "x = 1\nx.a = 1": f"line 2: an assignment to something other than a name or an item {NOT_READ}",
    "x = 1 << 9": f"line 1: the operator LShift {NOT_READ}",
    "x = ~1": f"line 1: the operator Invert {NOT_READ}",
    "x = -'a'": "line 1: bad operand type for unary -: 'str'",
    "x = 'a' + 1": 'line 1: can only concatenate str (not "int") to str',
    "x = [1] * 1.5": "line 1: can't multiply sequence by non-int of type 'float'",
    "x = 7 / 2": "line 1: / of whole numbers differs between Python 2 and 3; write // or make one a float",
    "x = 1\nx //= 0": "line 2: integer division or modulo by zero",
    "x = (-1) ** 0.5": "line 1: a number must be real",
    "x = 1 < 'a'": "line 1: '<' not supported between instances of 'int' and 'str'",
    "x = 'a' is 'a'": "line 1: is compares with None, True and False only; write ==",
    "x = Player('a') == Player('a')": "line 1: Player(...) can be neither text nor part of a comparison",
    "x = str([Player('a')])": "line 1: Player(...) can be neither text nor part of a comparison",
    "x = Player('a')['command']": "line 1: 'Record' object is not subscriptable",
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
    "def f(a): pass\nf()": "line 2: f(...) needs a",
    "def f(a): pass\nf(1, 2)": "line 2: f(...) takes at most 1 arguments without a name",
    "def f(a): pass\nf(1,\n a=2)": "line 2: a is there twice",
    "def f(a): pass\nf(1, b=2)": "line 2: f(...) has no argument b",
    "x = int('a')": "line 1: invalid literal for int() with base 10: 'a'",
    "x = int('10', 2)": "line 1: int(...) takes 0 to 1 arguments without a name",
    "x = sorted([1], key=len)": "line 1: len can only be called",
    "x = sorted([1], key=1)": "line 1: sorted(...) is not read with key=",
    "x = sorted([1, 'a'])": "line 1: '<' not supported between instances of 'str' and 'int'",
    "x = ','.join([1])": "line 1: sequence item 0: expected str instance, int found",
    "x = list(1)": "line 1: 'int' object is not iterable",
    "x = dict([1])": "line 1: 'int' object is not iterable",
    "x = dict(['abc'])": "line 1: a dictionary is made of pairs",
    "x = {**[1]}": "line 1: ** takes a dictionary",
    "x = Player(**{1: 2})": "line 1: 1 is not the name of an argument",
    "Player = 1": "line 1: Player may be called but not set",
    "def Matchup(): pass": "line 1: Matchup may be called but not set",
    "def f(str): pass": "line 1: str may be called but not set",
    "x = [1 for len in []]": "line 1: len may be called but not set",
    "x = Player('a', 'b')": "line 1: Player(...) takes command without a name, and no more",
    "x = Matchup('a', 'b', 'c')": "line 1: "
    "Matchup(...) takes player_1 and player_2 without a name, and no more",
    "x = Player('a',\n    command='b')": "line 2: command is there twice",
    "x = Player(cwd='a', cwd='b')": "line 1: cwd is there twice",
    "x = {'a': 1,\n 'a': 2}": "line 2: 'a' is there twice",
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
    "x = '\\ud800'": "line 1: '\\ud800' has half of a character",
    "x = 9223372036854775808": "line 1: "
    "a number must lie between -9223372036854775807 and 9223372036854775807",
    "competition_type = 'mc_tuner'\nimport os": "line 1: competition_type='mc_tuner': "
    "must be playoff or allplayall",
    "competition_type = ['ce_tuner']": "line 1: competition_type=['ce_tuner']: must be playoff or allplayall",
}


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_by_line(text):
    with pytest.raises(ValueError) as error:
        ctl.parse(text)
    assert str(error.value) == REFUSED[text]


def test_no_method_is_read_that_is_not_listed():
    names = {name for kind in (str, list, dict) for name in dir(kind)}
    read = {name for name in names if is_read(f"if 0:\n    x.{name}()")}
    assert read == set().union(*ctl_calls.METHODS.values())
    assert not any(name.startswith("_") for name in read)


def is_read(text):
    try:
        ctl.parse(text)
    except ValueError:
        return False
    return True
