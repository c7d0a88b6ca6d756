"""Reads training chunks of Leela Zero, version 1: text, plain or compressed (docs/chunks.md)."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import chunk_text
from alphazero.data import damage as damages

BLOCK = 256
"""Positions that `read` yields at once, at most."""
_GZIP = b"\x1f\x8b"
_VERSION_2 = b"\x01\x00\x00\x00"
_COMPRESSED_BYTES, _BYTES = 1 << 14, 1 << 18  # what is in memory at once, before and after decompression
_LONGEST_LINE = 1 << 20
_N = chunk_text.NUM_LINES


def find(source: Path) -> list[Path]:
    """The chunk at `source`, or all in that folder and below, sorted; ValueError when there are none."""
    if source.is_file():
        return [source]
    found = [path for path in source.rglob("*") if path.is_file() and _is_name(path)]
    if not found:
        raise ValueError(f"{source}: no training chunks (*.gz, *.chunk, *.txt) there")
    return sorted(found)


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


class _Reader:
    """Cuts text into records, wherever the pieces begin and end."""

    def __init__(self, size: int, findings: damages.Findings) -> None:
        self.is_done = False
        """Whether the rest of the file is of no use."""
        self._size = size
        self._findings = findings
        self._num_records = 0  # so far, those with faults included
        self._lines: list[bytes] = []  # whole ones that have not been used
        self._rest = b""  # of a line
        self._is_lost = False  # whether the lines so far belong to no record

    def feed(self, piece: bytes) -> Iterator[batches.Batch]:
        """The records that are complete with this piece of text."""
        if not self._num_records and not self._lines and (self._rest + piece).startswith(_VERSION_2):
            self._findings.add(damages.Reason.binary)
            self.is_done = True
            return
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._findings.add(damages.Reason.garbage, self._place(), "a line without an end")
            self.is_done = True
            return
        self._lines += [line.rstrip(b"\r") for line in lines] if b"\r" in piece else lines
        yield from self._take()

    def finish(self, complaint: str = "") -> Iterator[batches.Batch]:
        """The last record; complaint: why the file breaks off, if it does."""
        if self._rest and not complaint:
            self._lines.append(self._rest.rstrip(b"\r"))
        yield from self._take()
        is_cut = any(self._lines) and not self._is_lost
        if is_cut or complaint:
            is_record = bool(complaint) or chunk_text.is_plane(self._lines[0])
            reason = damages.Reason.cut if is_record else damages.Reason.garbage
            detail = complaint or f"{len(self._lines)} of {_N} lines"
            self._findings.add(reason, self._place(), detail)
        elif not self._num_records and not self._findings:
            self._findings.add(damages.Reason.empty)

    def _take(self) -> Iterator[batches.Batch]:
        """All whole records in `_lines`, which are then gone."""
        lines, start = self._lines, 0
        while len(lines) - start >= _N:
            count = self._count_records(lines, start)
            if count:
                self._is_lost = False
                batch = self._decode(lines[start : start + count * _N])
                if len(batch.value):
                    yield batch
                start += count * _N
            else:
                start = self._skip(lines, start)
        self._lines = lines[start:]

    def _count_records(self, lines: list[bytes], start: int) -> int:
        """How many records follow one another from here, up to BLOCK, by the lengths of their lines."""
        count = min(BLOCK, (len(lines) - start) // _N)
        lengths = np.fromiter(map(len, lines[start : start + count * _N]), np.int64).reshape(count, _N)
        is_record = (lengths[:, : chunk_text.SIDE] == chunk_text.plane_length(self._size)).all(axis=1)
        is_record &= lengths[:, chunk_text.SIDE] == 1
        return count if is_record.all() else int(np.argmin(is_record))

    def _decode(self, lines: list[bytes]) -> batches.Batch:
        batch, faults = chunk_text.decode(lines, self._size)
        for fault in faults:
            place = f"record {self._num_records + fault.row + 1}"
            self._findings.add(fault.reason, place, fault.detail)
        self._num_records += len(lines) // _N
        return batch

    def _skip(self, lines: list[bytes], start: int) -> int:
        """The line at which to go on, when no record of our size begins at `start`."""
        other = chunk_text.describe(lines[start : start + _N])
        if other is not None:
            self._is_lost = False
            detail = f"{other}x{other}, expected {self._size}x{self._size}"
            self._findings.add(damages.Reason.size, self._place(), detail)
            self._num_records += 1
            return start + _N
        if not self._is_lost and any(lines[start : start + _N]):
            self._findings.add(damages.Reason.garbage, self._place(), chunk_text.shown(lines[start]))
            self._num_records += 1
            self._is_lost = True
        last = len(lines) - _N
        for first in range(start + 1, last + 1):
            if _begins_record(lines, first):
                return first
        return last + 1

    def _place(self) -> str:
        return f"record {self._num_records + 1}"


def _begins_record(lines: list[bytes], start: int) -> bool:
    """Whether lines as those of 16 planes and a side to move are here, for a board of any size."""
    if len(lines[start + chunk_text.SIDE]) != 1 or len(lines[start]) < 2:
        return False
    return len({len(line) for line in lines[start : start + chunk_text.SIDE]}) == 1


def _is_name(path: Path) -> bool:
    is_hidden = path.name.startswith(".")  # temporary files of our writer
    return not is_hidden and path.suffix in (".gz", ".chunk", ".txt")
