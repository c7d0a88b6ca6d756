"""Splitting of SGF collections into the texts of their games. Files may be packed or corrupt."""

import codecs
import gzip
import lzma
import mmap
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from alphazero.go import sgf_source

PACKED = (".gz", ".xz", ".zip")
"""Suffixes of packed files: one SGF file in gzip or xz, any number of them in a zip archive."""
NAMES = "*.sgf, *.sgf.gz, *.sgf.xz, *.zip"
"""Names of SGF files, for messages."""
MOST_UNPACKED_BYTES = 1 << 30

_TOKEN = re.compile(rb"\\.|[][]|\(\s*;|[()]", re.DOTALL)
_START = re.compile(rb"\(\s*;")
_ROOT_NAMES = (
    b"FF|GM|SZ|CA|AP|ST|KM|HA|RU|RE|PB|PW|BR|WR|BT|WT|EV|RO|DT|PC|TM|OT|GN|GC|ON|SO|US|AN|CP|MULTIGOGM"
)
_ROOT = re.compile(rb"\(\s*;\s*(?:" + _ROOT_NAMES + rb")\s*\[(?:[^\]\\(]|\((?!\s*;))*\]")
"""Start of a game anywhere. A variation has no such property, and a comment escapes its brackets."""


def is_name(path: Path) -> bool:
    """Whether a file with this name may hold SGF. Any zip archive may; its content decides."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return suffixes[-1:] in ([".sgf"], [".zip"]) or (suffixes[:1] == [".sgf"] and suffixes[-1] in PACKED)


def find(source: Path) -> list[Path]:
    """The file at `source`, or the SGF files in and below that folder, sorted; ValueError if none."""
    if source.is_file():
        return [source]
    found = [path for path in source.rglob("*") if is_name(path) and path.is_file()]
    if not found:
        raise ValueError(f"{source}: no SGF files there ({NAMES})")
    return sorted(found)


def games(path: Path) -> Iterator[bytes]:
    """Yields the text of each game in a file. OSError if the file cannot be read or unpacked.

    A plain file is mapped, so that only the pages in use are in memory.
    """
    if path.suffix.lower() in PACKED:
        for text in _unpacked(path):
            yield from split(text)
        return
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield from split(data)


def split(data: bytes | mmap.mmap) -> Iterator[bytes]:
    """Yields the text of each game in a collection. A truncated game ends at the start of the next one.

    Text between games is ignored, including stray brackets.
    """
    text = sgf_source.decode_marked(data[:]) if sgf_source.decode_marked(data[:4]) is not None else None
    source = data if text is None else text
    starts = [match.start() for match in _ROOT.finditer(source)]
    for start, end in zip([0, *starts], [*starts, len(source)], strict=True):
        yield from _split_piece(source[start:end], is_utf8=text is not None)


def _split_piece(piece: bytes, *, is_utf8: bool) -> Iterator[bytes]:
    """Yields the games of a text in which only the first may start with properties of a root.

    Brackets are counted in UTF-8, because there they cannot be part of a letter.
    """
    if not piece.isascii() and _START.search(piece):
        try:
            piece = codecs.BOM_UTF8 + piece if is_utf8 else sgf_source.to_marked(piece)
        except ValueError:  # reading the game will raise the error
            yield piece
            return
    mark = codecs.BOM_UTF8 if piece.startswith(codecs.BOM_UTF8) else b""
    depth, start, is_value = 0, 0, False
    for match in _TOKEN.finditer(piece):
        token = match[0]
        if is_value:
            is_value = token != b"]"
        elif token == b"[":
            is_value = depth > 0
        elif token.startswith(b"(") and (depth or token.endswith(b";")):
            start = start if depth else match.start()
            depth += 1
        elif token == b")" and depth:
            depth -= 1
            if depth == 0:
                yield mark + piece[start : match.end()]
    if depth:
        yield mark + piece[start:]


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if info.filename.lower().endswith(".sgf"):
                        with archive.open(info) as file:
                            yield _bounded(file.read(MOST_UNPACKED_BYTES + 1))
            return
        opener = gzip.open if path.suffix.lower() == ".gz" else lzma.open
        with opener(path, "rb") as file:
            yield _bounded(file.read(MOST_UNPACKED_BYTES + 1))
    except (
        EOFError,
        gzip.BadGzipFile,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise OSError(0, f"cannot be unpacked: {error}") from None


def _bounded(data: bytes) -> bytes:
    if len(data) > MOST_UNPACKED_BYTES:
        raise OSError(0, f"unpacks to more than {MOST_UNPACKED_BYTES >> 20} MiB")
    return data
