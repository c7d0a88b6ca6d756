"""Reader of training chunks, version 1 of Leela Zero's format: text, plain or gzip (docs/chunks.md)."""

import itertools
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from alphazero.data import batch as batches
from alphazero.datasets import chunk_layout, chunk_text, corruption

BLOCK = 256
"""Largest number of positions in one batch of `read`."""
NAMES = "*.gz, *.chunk, *.txt, the same with a number appended (train.txt.0), or a number alone (train.0)"
"""Names of chunks in a folder, for messages."""
_NAME = re.compile(r"\.(gz|chunk|txt)(\.\d+)?$", re.IGNORECASE)
_NUMBER = re.compile(r"\.\d+$")
_LONGEST_PLANE = 256  # characters, for boards up to 31x31
_GZIP = b"\x1f\x8b"
_VERSION_2 = b"\x01\x00\x00\x00"
_COMPRESSED_BYTES, _BYTES = 1 << 14, 1 << 18  # bytes in memory, before and after decompression
_LONGEST_LINE = 1 << 20
_N = chunk_text.NUM_LINES


def is_chunk(path: Path) -> bool:
    """Whether a file in a folder is a chunk, judged by its name (`NAMES`).

    Leela Zero's chunks end in a number alone after `gunzip`. For such names the first line decides.
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


def read(
    path: Path, size: int, on_corruption: corruption.OnCorruption = corruption.log_corruption
) -> Iterator[batches.TrainingBatch]:
    """Yields the positions of one file for boards of this size, in batches of at most `BLOCK`.

    A batch has planes, policy, value (1 or -1) and weight (1). Unusable records are left out, and
    `on_corruption` is called once for each reason at the end of the file. A truncated file gives the
    records before the cut. After foreign lines, reading continues at the next record.
    """
    findings = corruption.Findings(path)
    reader = _ChunkReader(size, findings)
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
        findings.add(corruption.Reason.unreadable, detail=error.strerror)
    finally:
        findings.report(on_corruption)


class _BreaksOffError(Exception):
    """The compressed data end early or are corrupt."""


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    """Yields the content in pieces, decompressed if it is gzip.

    If gzip data are cut or corrupt, raises _BreaksOffError after the last readable piece.
    """
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
                raise _BreaksOffError("the compressed data are corrupt") from None
            data = inflate.unconsumed_tail or (b"" if inflate.eof else file.read(_COMPRESSED_BYTES))
        data = (inflate.unused_data or file.read(_COMPRESSED_BYTES)).lstrip(b"\0")  # tapes pad with zeros


def _even_pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yields the decompressed content in pieces of `_BYTES`; the last one is shorter."""
    buffer = bytearray()
    for piece in _decompressed(file):
        buffer += piece
        while len(buffer) >= _BYTES:
            yield bytes(buffer[:_BYTES])
            del buffer[:_BYTES]
    yield bytes(buffer)


class _ChunkReader:
    """Splits text into records; the text arrives in arbitrary pieces.

    A record is read only where one certainly starts: at the start of the file, or at the end of the
    previous record, of our layout or a foreign one (chunk_layout.py).
    """

    def __init__(self, size: int, findings: corruption.Findings) -> None:
        self.is_done = False
        """Whether the rest of the file is unusable."""
        self._size = size
        self._findings = findings
        self._num_records = 0  # so far, unusable ones included
        self._lines: list[bytes] = []  # complete lines, not used yet
        self._rest = b""  # start of an incomplete line
        self._foreign: chunk_layout.ForeignRecord | None = None  # the foreign record being read
        self._starts_surely = True  # whether a record does at `_lines[0]`

    def feed(self, piece: bytes) -> Iterator[batches.TrainingBatch]:
        """Yields the records that this piece of text completes."""
        is_start = not self._num_records and not self._lines and self._foreign is None
        if is_start and (self._rest + piece).startswith(_VERSION_2):
            self._findings.add(corruption.Reason.binary)
            self.is_done = True
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._findings.add(corruption.Reason.garbage, self._place(), "a line longer than 1 MiB")
            self.is_done = True
            return
        self._lines += [line.rstrip(b"\r") for line in lines] if b"\r" in piece else lines
        yield from self._take(is_end=False)

    def finish(self, broken_off: str = "") -> Iterator[batches.TrainingBatch]:
        """Yields the last records. broken_off: why the file is truncated, empty if it is not."""
        if self._rest and not broken_off:
            self._lines.append(self._rest.rstrip(b"\r"))
        yield from self._take(is_end=True)
        if self._foreign is not None and self._foreign.has_ended:
            self._end_foreign(self._foreign)
        if broken_off:
            self._findings.add(corruption.Reason.cut, self._place(), broken_off)
        elif self._foreign is not None:
            reason, detail = self._foreign.describe()
            if self._foreign.num_lines < _N:
                is_record = self._foreign.begins_with_plane
                reason = corruption.Reason.cut if is_record else corruption.Reason.garbage
                detail = f"{self._foreign.num_lines} of {_N} lines"
            self._findings.add(reason, self._place(), detail)
        elif not self._num_records and not self._findings:
            self._findings.add(corruption.Reason.empty)

    def _take(self, *, is_end: bool) -> Iterator[batches.TrainingBatch]:
        """Yields the complete records in `_lines` and removes their lines.

        A record is kept until the line after it is known or the file ends, because one more line would make
        its layout foreign.
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
            elif any(lines[start:]) or not is_end:  # empty lines at the end are allowed
                self._foreign = chunk_layout.ForeignRecord(self._size, starts_surely=self._starts_surely)
            else:
                break
        self._lines = lines[start:]

    def _count_records(self, lines: list[bytes], start: int, is_end: bool) -> int:
        """Number of consecutive records from `start`, up to BLOCK, judged by the layout of their lines."""
        count = min(BLOCK, (len(lines) - start - (not is_end)) // _N)
        lengths = np.fromiter(map(len, lines[start : start + count * _N]), np.int64).reshape(count, _N)
        is_record = (lengths[:, : chunk_text.SIDE] == chunk_text.plane_length(self._size)).all(axis=1)
        is_record &= lengths[:, chunk_text.SIDE] == 1
        # At least a digit and a space for each point, then the pass.
        is_record &= lengths[:, chunk_text.POLICY] > 2 * self._size**2
        is_record &= (lengths[:, chunk_text.RESULT] == 1) | (lengths[:, chunk_text.RESULT] == 2)
        num_regular = count if is_record.all() else int(np.argmin(is_record))
        if not num_regular and count and chunk_layout.is_whole(lines[start : start + _N], self._size):
            num_regular = 1
        after = start + num_regular * _N
        if num_regular and after < len(lines) and not chunk_layout.may_follow(lines[after], self._size):
            num_regular -= 1
        return num_regular

    def _decode(self, lines: list[bytes]) -> batches.TrainingBatch:
        batch, faults = chunk_text.decode(lines, self._size)
        for fault in faults:
            place = f"record {self._num_records + fault.row + 1}"
            self._findings.add(fault.reason, place, fault.detail)
        self._num_records += len(lines) // _N
        return batch

    def _skip(self, foreign: chunk_layout.ForeignRecord, lines: list[bytes], start: int) -> int:
        """Adds lines to a foreign record; returns the index of the line after it, or len(lines)."""
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
