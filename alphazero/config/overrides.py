"""Words "key=value" of the command line as Hydra needs them: paths are taken as they are typed.

In Hydra's grammar a value such as `~/go`, `a=b`, `games [1]` or `x,y` is an error, a list or a sweep, unless
it is quoted once more inside the shell's quotes. A path is none of these. Some values keep a meaning:

- `null` and an empty value are nothing; a folder of that name is `./null`.
- Quotes around the whole value are Hydra's, so that a quoted value is right for every key.
- `data.path=[a,b]` is a list, unless a file or folder has that name. Its parts are paths as they are, too.

Interpolations such as `${game.size}` belong to settings files. In a path on the command line they are
characters like any others.
"""

import os
import re
import shlex
from collections.abc import Sequence

PATHS = ("data.path", "init.weights", "ladder.gnugo", "mirror.uri", "run.dir")
"""Keys whose values are paths, patterns or URIs."""
LISTS = ("data.path",)
"""Those that may be a list of them."""
_WORD = re.compile(r"(\+{0,2})([A-Za-z_][\w.]*)=(.*)", re.DOTALL)
_MISSING = "???"  # of OmegaConf
_BEFORE_QUOTE = re.compile(r"(\\*)(['\"]|\Z)")
_INTERPOLATION = re.compile(r"(\\*)\$\{")


def for_hydra(words: Sequence[str]) -> list[str]:
    """The words with the values of `PATHS` quoted; all others stay."""
    return [_for_hydra(word) for word in words]


def escape(text: str) -> str:
    """Text that OmegaConf resolves to `text`, whatever `${` it holds."""
    if text == _MISSING:
        return f"./{text}"  # only a path can be that
    return _INTERPOLATION.sub(lambda found: f"{2 * found[1]}\\${{", text)


def advice(word: str) -> str:
    """How to write a word that Hydra cannot read, as the end of a message; empty if it has no value."""
    found = _WORD.fullmatch(word)
    if found is None or not found[3]:
        return ""
    return f"; quote the value twice: {shlex.quote(f'{found[1]}{found[2]}={_quoted(found[3])}')}"


def _for_hydra(word: str) -> str:
    found = _WORD.fullmatch(word)
    if found is None or found[2] not in PATHS or found[3] in ("", "null") or _is_quoted(found[3]):
        return word
    prefix, key, value = found.groups()
    is_list = key in LISTS and value.startswith("[") and value.endswith("]") and not os.path.lexists(value)
    if is_list:
        parts = ",".join(part if _is_quoted(part) else _quoted(escape(part)) for part in _parts(value[1:-1]))
        return f"{prefix}{key}=[{parts}]"
    return f"{prefix}{key}={_quoted(escape(value))}"


def _quoted(value: str) -> str:
    """The value between quotes, where Hydra's grammar takes a backslash for one unless a quote follows."""
    return '"' + _BEFORE_QUOTE.sub(_escape_quote, value) + '"'


def _escape_quote(found: re.Match[str]) -> str:
    backslashes, quote = found.groups()
    if quote == "'":
        return found[0]
    return 2 * backslashes + (f"\\{quote}" if quote else "")


def _is_quoted(value: str) -> bool:
    """Whether a value lies between quotes of one kind that close at its end only."""
    return re.fullmatch(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", value, re.DOTALL) is not None


def _parts(text: str) -> list[str]:
    """Parts between commas that lie in no quotes, without the spaces around them."""
    parts = re.findall(r"(?:\s*(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*(?=,|$)|[^,]*)(?:,|$)", text)
    stripped = [part.removesuffix(",").strip() for part in parts]
    return [part for part in stripped if part]
