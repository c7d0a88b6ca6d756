"""Reads training chunks of Leela Zero, version 1: text, plain or compressed (docs/chunks.md)."""

import itertools
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import chunk_layout, chunk_text
from alphazero.data import damage as damages

BLOCK = 256
"""Positions that `read` yields at once, at most."""
NAMES = "*.gz, *.chunk, *.txt, each also with a number behind (train.txt.0), or a number alone (train.0)"
"""What chunks in a folder are called."""
_NAME = re.compile(r"\.(gz|chunk|txt)(\.\d+)?$", re.IGNORECASE)
_NUMBER = re.compile(r"\.\d+$")
_LONGEST_PLANE = 256  # characters, for boards up to 31x31
_GZIP = b"\x1f\x8b"
_VERSION_2 = b"\x01\x00\x00\x00"
_COMPRESSED_BYTES, _BYTES = 1 << 14, 1 << 18  # what is in memory at once, before and after decompression
_LONGEST_LINE = 1 << 20
_N = chunk_text.NUM_LINES


def is_chunk(path: Path) -> bool:
    """Whether a file in a folder is taken for a chunk: `NAMES` says which names are.

    Of a name that only ends in a number, as Leela Zero's do after `gunzip`, the first line decides.
    """
    if path.name.startswith("."):  # temporary files of our writer
        return False
    if _NAME.search(path.name):
        return path.is_file()
    if not _NUMBER.search(path.name) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_PLANE)
    except OSError:
        return False
    return start.startswith(_GZIP) or chunk_text.is_plane(start.split(b"\n")[0].rstrip(b"\r"))


def same_content(path: Path, other: Path) -> bool:
    """Whether two chunks, each compressed or not, hold the same bytes; False if one cannot be read."""
    try:
        with path.open("rb") as file, other.open("rb") as other_file:
            pairs = itertools.zip_longest(_even_pieces(file), _even_pieces(other_file))
            return all(one == two for one, two in pairs)
    except (OSError, _BreaksOffError):
        return False


def read(path: Path, size: int, on_damage: damages.OnDamage = damages.log_damage) -> Iterator[batches.Batch]:
    """The positions of one file for boards of this size, in blocks of at most `BLOCK`.

    Of a batch it fills planes, policy, value (1 or -1) and weight (1). What cannot be used is left out;
    `on_damage` gets one line for each reason when the file is done: of a file that breaks off the
    records before the cut are read, and after foreign lines reading goes on at the next record.
    """
    findings = damages.Findings(path)
    reader = _Reader(size, findings)
    try:
        with Path(path).open("rb") as file:
            for piece in _decompressed(file):
                yield from reader.feed(piece)
                if reader.is_done:
                    return
            yield from reader.finish()
    except _BreaksOffError as error:
        yield from reader.finish(str(error))
    except OSError as error:
        findings.add(damages.Reason.unreadable, detail=error.strerror)
    finally:
        findings.report(on_damage)


class _BreaksOffError(Exception):
    """Compressed data end early or are damaged."""


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    """The content in pieces, decompressed where it is gzip; _BreaksOffError after all that is readable."""
    data = file.read(_COMPRESSED_BYTES)
    if not data.startswith(_GZIP):
        while data:
            yield data
            data = file.read(_BYTES)
        return
    while data:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)  # a file may hold several gzip members
        while not inflate.eof:
            if not data:
                yield inflate.flush()
                raise _BreaksOffError("the compressed data end early")
            try:
                yield inflate.decompress(data, _BYTES)
            except zlib.error:
                raise _BreaksOffError("the compressed data are damaged") from None
            data = inflate.unconsumed_tail or (b"" if inflate.eof else file.read(_COMPRESSED_BYTES))
        data = (inflate.unused_data or file.read(_COMPRESSED_BYTES)).lstrip(b"\0")  # tapes pad with zeros


def _even_pieces(file: BinaryIO) -> Iterator[bytes]:
    """The decompressed content in pieces of `_BYTES`."""
    buffer = bytearray()
    for piece in _decompressed(file):
        buffer += piece
        while len(buffer) >= _BYTES:
            yield bytes(buffer[:_BYTES])
            del buffer[:_BYTES]
    yield bytes(buffer)


class _Reader:
    """Cuts text into records, wherever the pieces begin and end.

    A record is read only where one is certain to start: at the start of the file, and where the record
    before it ended, ours or another program's (chunk_layout.py).
    """

    def __init__(self, size: int, findings: damages.Findings) -> None:
        self.is_done = False
        """Whether the rest of the file is of no use."""
        self._size = size
        self._findings = findings
        self._num_records = 0  # so far, those with faults included
        self._lines: list[bytes] = []  # whole ones that have not been used
        self._rest = b""  # of a line
        self._foreign: chunk_layout.ForeignRecord | None = None  # what the lines so far belong to
        self._starts_surely = True  # whether a record does at the first of `_lines`

    def feed(self, piece: bytes) -> Iterator[batches.Batch]:
        """The records that are complete with this piece of text."""
        is_start = not self._num_records and not self._lines and self._foreign is None
        if is_start and (self._rest + piece).startswith(_VERSION_2):
            self._findings.add(damages.Reason.binary)
            self.is_done = True
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._findings.add(damages.Reason.garbage, self._place(), "a line without an end")
            self.is_done = True
            return
        self._lines += [line.rstrip(b"\r") for line in lines] if b"\r" in piece else lines
        yield from self._take(is_end=False)

    def finish(self, complaint: str = "") -> Iterator[batches.Batch]:
        """The last record; complaint: why the file breaks off, if it does."""
        if self._rest and not complaint:
            self._lines.append(self._rest.rstrip(b"\r"))
        yield from self._take(is_end=True)
        if self._foreign is not None and self._foreign.has_ended:
            self._end_foreign(self._foreign)
        if complaint:
            self._findings.add(damages.Reason.cut, self._place(), complaint)
        elif self._foreign is not None:
            reason, detail = self._foreign.describe()
            if self._foreign.num_lines < _N:
                is_record = self._foreign.begins_with_plane
                reason = damages.Reason.cut if is_record else damages.Reason.garbage
                detail = f"{self._foreign.num_lines} of {_N} lines"
            self._findings.add(reason, self._place(), detail)
        elif not self._num_records and not self._findings:
            self._findings.add(damages.Reason.empty)

    def _take(self, *, is_end: bool) -> Iterator[batches.Batch]:
        """All whole records in `_lines`, which are then gone.

        The last line stays until the one behind it is known, or the file is at its end: a record that has
        another line is not ours.
        """
        lines, start = self._lines, 0
        while start < len(lines):
            if self._foreign is not None:
                start = self._skip(self._foreign, lines, start)
                continue
            if not is_end and len(lines) - start <= _N:
                break
            count = self._count_records(lines, start, is_end) if self._starts_surely else 0
            if count:
                batch = self._decode(lines[start : start + count * _N])
                if len(batch.value):
                    yield batch
                start += count * _N
            elif any(lines[start:]) or not is_end:  # empty lines at the end do no harm
                self._foreign = chunk_layout.ForeignRecord(self._size, starts_surely=self._starts_surely)
            else:
                break
        self._lines = lines[start:]

    def _count_records(self, lines: list[bytes], start: int, is_end: bool) -> int:
        """How many records follow one another from here, up to BLOCK, by the layout of their lines."""
        count = min(BLOCK, (len(lines) - start - (not is_end)) // _N)
        lengths = np.fromiter(map(len, lines[start : start + count * _N]), np.int64).reshape(count, _N)
        is_record = (lengths[:, : chunk_text.SIDE] == chunk_text.plane_length(self._size)).all(axis=1)
        is_record &= lengths[:, chunk_text.SIDE] == 1
        is_record &= (
            lengths[:, chunk_text.POLICY] > 2 * self._size**2
        )  # a digit and a space each, and the pass
        is_record &= (lengths[:, chunk_text.RESULT] == 1) | (lengths[:, chunk_text.RESULT] == 2)
        num_regular = count if is_record.all() else int(np.argmin(is_record))
        if not num_regular and count and chunk_layout.is_whole(lines[start : start + _N], self._size):
            num_regular = 1
        after = start + num_regular * _N
        if num_regular and after < len(lines) and not chunk_layout.may_follow(lines[after], self._size):
            num_regular -= 1
        return num_regular

    def _decode(self, lines: list[bytes]) -> batches.Batch:
        batch, faults = chunk_text.decode(lines, self._size)
        for fault in faults:
            place = f"record {self._num_records + fault.row + 1}"
            self._findings.add(fault.reason, place, fault.detail)
        self._num_records += len(lines) // _N
        return batch

    def _skip(self, foreign: chunk_layout.ForeignRecord, lines: list[bytes], start: int) -> int:
        """The first line behind a foreign record, or that behind `lines` if it goes on there."""
        for number in range(start, len(lines)):
            if not foreign.add(lines[number]):
                self._end_foreign(foreign)
                return number
        return len(lines)

    def _end_foreign(self, foreign: chunk_layout.ForeignRecord) -> None:
        reason, detail = foreign.describe()
        self._findings.add(reason, self._place(), detail)
        self._num_records += 1
        self._starts_surely = foreign.ends_surely
        self._foreign = None

    def _place(self) -> str:
        return f"record {self._num_records + 1}"
