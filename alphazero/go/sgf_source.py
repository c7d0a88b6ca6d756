"""Decoding and parsing of SGF text in any encoding. Parsing is sgfmill's; errors name the place.

Text is decoded before it is parsed. In encodings such as Shift-JIS, Big5 and GBK the second byte of a
character may be 0x5C or 0x5D, a backslash or a bracket. A parser of bytes would lose moves because of it.
"""

import codecs
import contextlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sgfmill import sgf, sgf_grammar

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "UTF-8-SIG"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""First bytes of a file and its encoding. Windows programs write such marks."""
_PROBE = b"(;GM[1]SZ[19]:AKZ akz 059.-)"
_GUESSES = ("utf-8", "gb18030", "cp932", "big5hkscs", "cp949", "euc-jp", "latin-1")
"""Encodings to try if CA is missing or wrong."""
_NOT_WESTERN = re.compile(rb"[\x80-\x9f]|[\x80-\xff]{2}")
_CHARSET = re.compile(rb"(?<![A-Za-z])CA\s*\[([^\]]*)\]")
_SWALLOWED = re.compile(rb"[A-Z]\s*\[")
"""Start of another property inside a value, a sign that a wrong encoding hid the closing bracket."""


@contextlib.contextmanager
def naming(part: str, allowed: str = "") -> Iterator[None]:
    """Adds the part of the file to a ValueError. `allowed`, if given, replaces sgfmill's text."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part}: {allowed or error}") from None


def shown(raw: bytes) -> str:
    """First 20 bytes of a value as printable ASCII, for a message of one line."""
    start = "".join(chr(code) if 32 <= code < 127 else "?" for code in raw[:20])
    return start + "..." if len(raw) > 20 else start


def decode_marked(data: bytes) -> bytes | None:
    """A text with a byte order mark as UTF-8; None for other text. Replaces invalid bytes."""
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace").encode()
    return None


def to_marked(data: bytes) -> bytes:
    """The text of a game as UTF-8 with a byte order mark. ValueError as in `parse`."""
    return codecs.BOM_UTF8 + data.decode(_choose(data).encoding).encode()


def parse(data: bytes) -> sgf.Sgf_game:
    """sgfmill's tree of the first game, in UTF-8.

    ValueError if the game is not Go, if its board is not supported, or if encodings that fit give different
    games.
    """
    text = decode_marked(data)
    with naming("SGF"):
        tree = _parse(text) if text is not None else _choose(data).tree
    properties = tree.sequence[0]
    _require(properties, "GM", b"1", lambda game: int(game) == 1, "must be 1, which is Go")
    _require(
        properties, "SZ", b"19", lambda size: 1 <= int(size) <= 19, "must be from 1 to 19, for a square board"
    )
    return sgf.Sgf_game.from_coarse_game_tree(tree, "UTF-8")


class _Reading(NamedTuple):
    """A game decoded with one encoding."""

    encoding: str
    tree: sgf_grammar.Coarse_game_tree
    num_faults: int  # values that seem to lack their closing bracket, and values after the end
    structure: tuple[tuple[tuple[str, int], ...], ...]  # for each node, property names and numbers of values


def _choose(data: bytes) -> _Reading:
    """The game in the encoding of CA, else in one that fits. ValueError if several fit and disagree."""
    if data.isascii():
        return _Reading("ascii", _parse(data), 0, ())
    trusted = (_declared(data), "utf-8")  # text in another encoding is hardly ever valid UTF-8
    readings, reason = [], ""
    for encoding in _candidates(data):
        try:
            reading = _read(data, encoding)
        except UnicodeError:
            continue
        except ValueError as error:
            reason = reason or str(error)
            continue
        if encoding in trusted and not reading.num_faults:
            return reading
        readings.append(reading)
    if not readings:
        raise ValueError(reason)
    best = min(readings, key=lambda reading: (reading.num_faults, reading.encoding not in trusted))
    for other in readings:
        is_rival = other.num_faults == best.num_faults or best.num_faults > 0
        if best.encoding not in trusted and is_rival and other.structure != best.structure:
            raise ValueError(
                f"the encoding is ambiguous: {best.encoding} and {other.encoding} give different games;"
                " CA must name it"
            )
    return best


def _candidates(data: bytes) -> list[str]:
    """Encodings to try, the most likely first."""
    guesses = list(_GUESSES)
    if not _NOT_WESTERN.search(data):  # accented letters in text of a Western language
        guesses.insert(1, guesses.pop())
    declared = _declared(data)
    return list(dict.fromkeys([*([declared] if declared else []), *guesses]))


def _declared(data: bytes) -> str | None:
    """Python's name of the encoding in CA; None if CA is missing, unknown or not a text encoding."""
    match = _CHARSET.search(data)
    if match is None:
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii").strip()).name
        if "escape" in name or _PROBE.decode(name) != _PROBE.decode("ascii"):
            return None
    except (ValueError, LookupError):
        return None
    # Files that name a smaller encoding often use its superset, from Windows or from a later standard.
    wider = {"shift_jis": "cp932", "gbk": "gb18030", "gb2312": "gb18030", "euc_kr": "cp949"}
    return {"iso8859-1": "latin-1"}.get(name, wider.get(name, name))


def _read(data: bytes, encoding: str) -> _Reading:
    text = data.decode(encoding).encode()
    tree = _parse(text)
    _, end = sgf_grammar.tokenise(text)
    num_faults, structure = int(b"[" in text[end:]), []
    for properties in sgf_grammar.main_sequence_iter(tree):
        structure.append(tuple((name, len(values)) for name, values in properties.items()))
        num_faults += sum(bool(_SWALLOWED.search(v)) for values in properties.values() for v in values)
    return _Reading(encoding, tree, num_faults, tuple(structure))


def _parse(text: bytes) -> sgf_grammar.Coarse_game_tree:
    """sgfmill's parse tree of the first game. ValueError with the line that cannot be parsed."""
    try:
        return sgf_grammar.parse_sgf_game(text)
    except ValueError as error:
        tokens, end = sgf_grammar.tokenise(text)
        rest = text[end:].lstrip()
        if not tokens or not rest:
            raise
        line = text.count(b"\n", 0, len(text) - len(rest)) + 1
        what = "a value without its closing bracket" if rest.startswith(b"[") else "unexpected text"
        raise ValueError(f"{error}, line {line}: {what}, {shown(rest)}") from None


def _require(
    properties: dict[str, list[bytes]],
    name: str,
    default: bytes,
    is_allowed: Callable[[bytes], bool],
    allowed: str,
) -> None:
    """Checks a raw property of the root before sgfmill relies on it."""
    raw = properties.get(name, [default])[0]
    with contextlib.suppress(ValueError, LookupError):
        if is_allowed(raw):
            return
    raise ValueError(f"{name}[{shown(raw)}]: {allowed}")
