"""Overrides "key=value" of the command line in Hydra's form; paths are taken literally.

In Hydra's grammar a value such as `~/go`, `a=b`, `games [1]` or `x,y` is an error, a list or a sweep, unless
it is quoted once more inside the shell's quotes. Values of path keys are therefore quoted here. Exceptions:

- `null` and an empty value mean no value; a folder of that name is `./null`.
- Quotes around the whole value are Hydra's, so that a quoted value works for every key.
- `data.path=[a,b]` is a list, unless a file or folder has that name. Its parts are literal paths, too.

Interpolations such as `${game.size}` work in settings files only. In a path on the command line they are
ordinary characters.
"""

import os
import re
import shlex
from collections.abc import Sequence

PATHS = ("data.path", "init.weights", "ladder.gnugo", "mirror.uri", "run.dir")
"""Keys whose values are paths, patterns or URIs."""
LISTS = ("data.path",)
"""Keys of these whose value may be a list."""
TABLES = ("game.sizes", "game.komis", "net.growth")
"""Keys whose values are tables, which a word replaces. Hydra would add its entries to those of the file."""
_WORD = re.compile(r"(\+{0,2})([A-Za-z_][\w.]*)=(.*)", re.DOTALL)
_MISSING = "???"  # of OmegaConf
_BEFORE_QUOTE = re.compile(r"(\\*)(['\"]|\Z)")
_INTERPOLATION = re.compile(r"(\\*)\$\{")


def for_hydra(words: Sequence[str]) -> list[str]:
    """The words with the values of `PATHS` quoted, and tables of `TABLES` emptied first; other words stay."""
    return [part for word in words for part in (*_emptied(word), _for_hydra(word))]


def escape(text: str) -> str:
    """Text that OmegaConf resolves to `text`, even if it contains `${`."""
    if text == _MISSING:
        return f"./{text}"  # the text is a path
    return _INTERPOLATION.sub(lambda found: f"{2 * found[1]}\\${{", text)


def advice(word: str) -> str:
    """The end of a message with the right form of a word that Hydra cannot read; empty without a value."""
    found = _WORD.fullmatch(word)
    if found is None or not found[3]:
        return ""
    return f"; quote the value twice: {shlex.quote(f'{found[1]}{found[2]}={_quoted(found[3])}')}"


def _emptied(word: str) -> list[str]:
    found = _WORD.fullmatch(word)
    is_table = found is not None and found[2] in TABLES and found[3].startswith("{")
    return [f"{found[1]}{found[2]}=null"] if found is not None and is_table else []


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
    """The value in quotes; in them Hydra takes a backslash literally unless a quote follows."""
    return '"' + _BEFORE_QUOTE.sub(_escape_quote, value) + '"'


def _escape_quote(found: re.Match[str]) -> str:
    backslashes, quote = found.groups()
    if quote == "'":
        return found[0]
    return 2 * backslashes + (f"\\{quote}" if quote else "")


def _is_quoted(value: str) -> bool:
    """Whether the whole value is one quoted string."""
    return re.fullmatch(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", value, re.DOTALL) is not None


def _parts(text: str) -> list[str]:
    """The parts between commas outside quotes, without surrounding spaces."""
    parts = re.findall(r"(?:\s*(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*(?=,|$)|[^,]*)(?:,|$)", text)
    stripped = [part.removesuffix(",").strip() for part in parts]
    return [part for part in stripped if part]
