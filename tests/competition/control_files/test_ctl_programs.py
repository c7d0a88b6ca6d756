"""Tests with random programs of supported content: the interpreter agrees with exec."""

import re

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from alphazero.competition.control_files import ctl, ctl_bounds

BOUNDS = ("too much work", "a number must be from", "calls may be nested", "an exponent must be")
PRELUDE = """i, j = 3, -2
s, t = 'ab', 'x-y'
a = [2, 1]
b = a
d = {'x': 1, 'y': 2}
e = d
def f(n, m=2, *rest, k=[], **more):
    k.append(n)
    return n * m - len(rest) + len(more) + len(k)
"""
SIMPLE = {
    "number": ["i", "j", "0", "1", "2", "-3", "7", "0.5", "True"],
    "text": ["s", "t", "''", "'q'", "'a, b'", '"it\'s"'],
    "list": ["a", "b", "[]", "[3, 1, 2]", "list(range(3))"],
    "dict": ["d", "e", "{}", "{'x': 5, 'y': 6}"],
    "truth": ["True", "i > 2", "s", "not a"],
    "op": ["+", "-", "*", "//", "%"],
    "compare": ["==", "!=", "<", "<=", ">", ">="],
    "slice": [":", "1:", "-2:", ":1", "1::2", "::-1", ":i", "j:"],
    "index": ["0", "-1", "1", "i"],
    "any": ["i", "s", "a", "d"],
}
GRAMMAR = {  # <KIND> stands for another expression of this kind
    "number": [
        *("(<number> <op> <number>)", "(<number> / 2.0)", "(<number> ** 2)", "(-<number>)"),
        *("len(<text>)", "len(<list>)", "len(<dict>)", "int(<number>)", "float(str(<number>))"),
        *("<list>[<index>]", "<dict>['x']", "<dict>.get(<text>, <number>)"),
        "(<number> if <truth> else <number>)",
        *("f(<number>)", "f(<number>, <number>, <number>, z=<number>)", "f(m=<number>, **dict(n=<number>))"),
        "f(*<list>)",
    ],
    "text": [
        *("str(<any>)", "(<text> + <text>)", "(<text> * 2)", "(-1 * <text>)", "<text>[<slice>]"),
        *("('%s|%5.1f|%-4s|%%' % (<any>, <number>, <text>))", "('%(x)03d-%(y)r' % <dict>)"),
        *("'{}/{!r:>6}/{k:+}'.format(<any>, <text>, k=<number>)", "'{1}{0:.2f}{{'.format(<number>, <text>)"),
        'f"{<any>!s:*^5}{i:g}}}{a[<index>]}"',
        *("<text>.join(str(u) for u in <list>)", "<text>.join(<dict>)", "<text>.join(sorted(<text>))"),
        *("<text>.upper()", "<text>.lower()", "<text>.strip()", "<text>.replace(<text>, <text>)"),
        *("' '.join(<text>.split(<text>))", "','.join(<text>.split())"),
    ],
    "list": [
        *("[<number>, <number>, *<list>]", "(<list> + <list>)", "(<list> * 2)", "<list>[<slice>]"),
        *("sorted(<list>, reverse=<truth>)", "<list>.copy()", "list(tuple(<list>))", "list(<dict>.values())"),
        "[<number> for i in <list> if <truth>]",
        "[i * <number> for j in <list> for i in (j, <number>)]",
        "[u + <number> * w for u, w in zip(<list>, <list>)]",
        "[u for u, w in enumerate(<text>, <index>)]",
        "list(range(<index>, 9, 2))",
    ],
    "dict": [
        *("{'x': <number>, **<dict>, 'z': <number>}", "dict(<dict>, y=<number>)", "<dict>.copy()"),
        *("dict(zip(<text>, <list>))", "{u: <number> for u in <text>}", "dict([(<text>, <number>)])"),
        "{k: v + <number> for k, v in <dict>.items()}",
    ],
    "truth": [
        *("<number> <compare> <number>", "<number> < <number> <= <number>", "<list> <compare> <list>"),
        *("<text> in <text>", "<text> not in <dict>", "<number> in <list>"),
        *("(not <number> or <dict> == <dict> and s is not None)", "<text>.startswith(<text>)"),
    ],
}
STATEMENTS = [
    *("i = <number>\n", "j = <number>\n", "s = <text>\n", "t = <text>\n", "a = <list>\n", "b = <list>\n"),
    *("d = <dict>\n", "e = <dict>\n", "a = b = <list>\n", "i, (s, j) = <number>, [<text>, i]\n"),
    *("i <op>= <number>\n", "j <op>= <number>\n", "a += <list>\n", "b += <text>[:0]\n", "s += <text>\n"),
    *(
        "a *= <index>\n",
        "s *= 2\n",
        "a.append(<number>)\n",
        "b.extend(<list>)\n",
        "a.extend(u for u in [4])\n",
    ),
    *("a[<index>] = <number>\n", "b[<index>] += <number>\n", "d[<text>] = <number>\n", "e[<text>] += 1\n"),
    *("e.update(<dict>, x=<number>)\n", "'a text'\n<number>\nprint(<number>)\npass\n"),
]
BLOCKS = [  # <body> stands for statements, indented
    "if <truth>:\n<body>elif <truth>:\n<body>else:\n<body>",
    "for i in <list>[:3]:\n    if <truth>:\n        break\n<body>",
    "for u, j in list(<dict>.items())[:3]:\n<body>    if <truth>:\n        continue\n<body>",
    "for s in <any>:\n<body>",
    "for s in list(<dict>.keys()):\n<body>",
    "def g(i, a=a):\n<body>    for j in a:\n        return <number>\n",
    "if 'g' in d:\n    d['g'] = g(<number>)\n",
]


@st.composite
def programs(draw):
    def chosen(kind, depth):
        if kind == "body":
            return "".join(f"    {line}\n" for line in body(depth - 1).splitlines())
        options = SIMPLE[kind] + (GRAMMAR.get(kind, []) if depth > 0 else [])
        return filled(draw(st.sampled_from(options)), depth - 1)

    def filled(template, depth):
        return re.sub(r"<(\w+)>", lambda match: chosen(match[1], depth), template)

    def body(depth):
        templates = STATEMENTS + ([block for block in BLOCKS if "def" not in block] if depth > 0 else [])
        return "".join(
            filled(line, 2) for line in draw(st.lists(st.sampled_from(templates), min_size=1, max_size=3))
        )

    templates = draw(st.lists(st.sampled_from(STATEMENTS + BLOCKS), min_size=1, max_size=6))
    return PRELUDE + "".join(filled(template, 3) for template in templates)


REFERENCE = {
    **{
        kind.__name__: kind
        for kind in (str, int, float, len, range, list, tuple, dict, sorted, zip, enumerate)
    },
    "print": lambda *values: None,
}


def expected(program):
    """The names and values of the program after Python's exec."""
    names = {"__builtins__": REFERENCE}
    exec(program, names)
    return {name: value for name, value in names.items() if name != "__builtins__" and not callable(value)}


def compare(program):
    """Compares the interpreter with Python; returns how the program ended."""
    try:
        values = ctl.parse(program).values
    except ValueError as error:
        if any(bound in str(error) for bound in BOUNDS):
            return "stopped by a bound"
        with pytest.raises((*ctl_bounds.FAILURES, NameError)):
            expected(program)
        return "an error in both"
    found = {name: source.plain() for name, source in values.items() if f"def {name}(" not in program}
    wanted = expected(program)
    assert found.keys() == wanted.keys()
    assert repr(found) == repr({name: wanted[name] for name in found})
    return "the same values"


@given(programs())
def test_programs_agree_with_python(program):
    event(compare(program))


@pytest.mark.slow
@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_many_programs_agree_with_python(program):
    event(compare(program))
