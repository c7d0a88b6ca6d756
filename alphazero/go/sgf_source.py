"""From the bytes of an SGF file to sgfmill's tree, with errors that say where."""

import codecs
import contextlib
from collections.abc import Callable, Iterator

from sgfmill import sgf, sgf_grammar

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "UTF-8-SIG"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""What a file in such an encoding starts with; Windows programs write them."""
_PROBE = b"(;GM[1]SZ[19]:AKZ akz 059.-)"


@contextlib.contextmanager
def naming(part: str, allowed: str = "") -> Iterator[None]:
    """Says in which part of the file an error is, and what is allowed where sgfmill's error does not."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part}: {allowed or error}") from None


def shown(raw: bytes) -> str:
    """The start of a value, fit for a message of one line."""
    start = "".join(chr(code) if 32 <= code < 127 else "?" for code in raw[:20])
    return start + "..." if len(raw) > 20 else start


def parse(data: bytes) -> sgf.Sgf_game:
    """sgfmill's tree of the first game; ValueError where its board or its encoding are not for us."""
    encoding = None
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            with naming("SGF with a byte order mark"):
                data, encoding = data.decode(name).encode(), "UTF-8"
    with naming("SGF"):
        tree = sgf_grammar.parse_sgf_game(data)
    properties = tree.sequence[0]
    _require(properties, "GM", b"1", lambda game: int(game) == 1, "must be 1, which is Go")
    _require(
        properties, "SZ", b"19", lambda size: 1 <= int(size) <= 19, "must be from 1 to 19, for a square board"
    )
    if encoding is None:
        _require(properties, "CA", b"UTF-8", _is_text_encoding, "must be an encoding of text, such as UTF-8")
    return sgf.Sgf_game.from_coarse_game_tree(tree, encoding)


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


def _is_text_encoding(raw: bytes) -> bool:
    """Whether letters and brackets mean in this encoding what they mean in ASCII."""
    name = codecs.lookup(raw.decode("ascii")).name
    return "escape" not in name and _PROBE.decode(name) == _PROBE.decode("ascii")
