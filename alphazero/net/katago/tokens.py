"""A model file's bytes, read in small steps as words and arrays.

A count in the file allocates nothing: an array grows with the bytes that are there. A compressed file may
grow by a bounded factor only. Each error names the file and the layer.
"""

import io
import itertools
import re
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

STEP = 1 << 16
"""Bytes that are read or decompressed at once."""
LONGEST_WORD = 256
LARGEST_GROWTH, SPARE_BYTES = 16, 4 << 20
"""A compressed file may hold `LARGEST_GROWTH` times its own size and `SPARE_BYTES` more."""
BINARY_MARK = b"@BIN@"
"""Stands before each array of little-endian float32."""

_GZIP_MARK = b"\x1f\x8b"
_SPACES = re.compile(rb"[ \t\n\v\f\r]*")
_WORD = re.compile(rb"[^ \t\n\v\f\r]+")
_LARGEST_INTEGER = 10**9 - 1
_LARGEST_FLOAT = float(np.finfo(np.float32).max)


class Tokens:
    """The words and arrays of one file, from its beginning to its end.

    All methods raise ValueError, with the error and its place in one line, and OSError if the file is
    unreadable.
    """

    def __init__(self, source: Path | str | bytes) -> None:
        self.place = ""
        """The layer that is read, for messages."""
        self._label = "weights" if isinstance(source, bytes) else str(source)
        self._pieces = self._contents(source)
        self._buffer = bytearray()
        self._position = 0  # of the next byte in the buffer
        self._num_words = 0
        self._is_binary: bool | None = None  # unknown before the first array

    def close(self) -> None:
        """Closes the file."""
        self._pieces.close()

    def error(self, message: str) -> ValueError:
        """An error with the file's name and the place."""
        place = f"{self.place}: " if self.place else ""
        return ValueError(f"{self._label}: {place}{message}")

    def word(self, what: str) -> str:
        """The next word, which must consist of printable ASCII characters."""
        self._skip_spaces(what)
        self._drop_read()
        while len(self._buffer) <= LONGEST_WORD and self._more():
            pass  # a word may go on in the next piece
        found = _WORD.match(self._buffer)
        assert found is not None, "a byte that is no space was there"
        self._num_words += 1
        text = found.group()
        self._position = found.end()
        if len(text) > LONGEST_WORD:
            raise self._bad_word(f"{what} is longer than {LONGEST_WORD} characters")
        if not text.isascii() or not text.decode("ascii").isprintable():
            raise self._bad_word(f"{what} is not text")
        return text.decode("ascii")

    def enter(self, what: str) -> None:
        """Reads the name of a layer, which becomes the place."""
        name = self.word(what)
        if _is_number(name):
            raise self._bad_word(f"{what} is {name[:20]!r}; a layer has too many numbers")
        self.place = name

    def integer(self, what: str, least: int, most: int = _LARGEST_INTEGER) -> int:
        """The next word, a whole number in least .. most."""
        text = self.word(what)
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            allowed = f"a whole number from {least} to {most}" if least < most else str(least)
            raise self._bad_word(f"{what} is {text[:20]!r}, expected {allowed}")
        return int(text)

    def positive(self, what: str) -> float:
        """The next word, a number that is positive and finite as a float32."""
        text = self.word(what)
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not number <= _LARGEST_FLOAT or not np.float32(number) > 0:
            raise self._bad_word(f"{what} is {text[:20]!r}, expected a positive number")
        return number

    def array(self, count: int) -> np.ndarray:
        """The next `count` numbers, [count] float32 that is writable; each must be finite."""
        self._skip_spaces(f"{count} numbers")
        is_binary = self._buffer[self._position] == BINARY_MARK[0]
        if self._is_binary not in (None, is_binary):
            kinds = ("binary", "text") if is_binary else ("text", "binary")
            raise self.error("{} numbers in a file of {} numbers".format(*kinds))
        self._is_binary = is_binary
        return self._binary(count) if is_binary else self._decimal(count)

    def end(self) -> None:
        """Reads to the end of the file, where only white space is allowed."""
        self.place = ""
        while True:
            found = _SPACES.match(self._buffer, self._position)
            if found is None or found.end() < len(self._buffer):
                raise self.error("the file goes on after the last layer")
            self._buffer.clear()
            self._position = 0
            if not self._more():
                return

    def _bad_word(self, message: str) -> ValueError:
        return self.error(f"token {self._num_words}: {message}")

    def _skip_spaces(self, what: str) -> None:
        while True:
            found = _SPACES.match(self._buffer, self._position)
            self._position = found.end() if found else self._position
            if self._position < len(self._buffer):
                return
            self._buffer.clear()
            self._position = 0
            if not self._more():
                raise self.error(f"the file ends before {what}")

    def _binary(self, count: int) -> np.ndarray:
        self._drop_read()
        mark, size = len(BINARY_MARK), 4 * count
        while len(self._buffer) < mark + size and self._more():
            if self._buffer[:mark] != BINARY_MARK[: len(self._buffer)]:
                break
        if self._buffer[:mark] != BINARY_MARK[: len(self._buffer)]:
            raise self.error(f"the {count} numbers do not begin with {BINARY_MARK.decode()}")
        if len(self._buffer) < mark + size:
            found = max(len(self._buffer) - mark, 0) // 4
            raise self.error(f"the file ends after {found} of {count} numbers")
        numbers = np.frombuffer(self._buffer, "<f4", count, mark).astype(np.float32)
        self._position = mark + size
        self._drop_read()
        self._check_finite(numbers, 0, count)
        return numbers

    def _decimal(self, count: int) -> np.ndarray:
        pieces, found = [np.zeros(0, np.float32)], 0
        while found < count:
            words = self._decimal_words(count - found, f"number {found + 1} of {count}")
            pieces.append(self._floats(words, found, count))
            found += len(words)
        return np.concatenate(pieces)

    def _decimal_words(self, most: int, what: str) -> list[bytes]:
        """At least one and at most `most` of the next words, as many as are in the buffer."""
        self._skip_spaces(what)
        self._drop_read()
        window = most * (LONGEST_WORD + 1)
        while (end := 1 + max(self._buffer.rfind(space, 0, window) for space in b" \t\n\v\f\r")) == 0:
            if len(self._buffer) > LONGEST_WORD:
                raise self.error(f"{what} is longer than {LONGEST_WORD} characters")
            if not self._more():
                end = len(self._buffer)
                break
        words = bytes(self._buffer[:end]).split(None, min(most, end))
        self._position = end
        if len(words) > most:
            self._position = end - len(words.pop())
        self._num_words += len(words)
        return words

    def _floats(self, words: list[bytes], before: int, count: int) -> np.ndarray:
        try:
            exact = np.array(list(map(float, words)), np.float64)
        except ValueError:
            index, word = next((i, word) for i, word in enumerate(words) if not _is_number(word))
            problem = f"number {before + index + 1} of {count} is {str(word[:20])[1:]}, expected a number"
            raise self.error(problem) from None
        with np.errstate(over="ignore"):
            numbers = exact.astype(np.float32)
        self._check_finite(numbers, before, count)
        return numbers

    def _check_finite(self, numbers: np.ndarray, before: int, count: int) -> None:
        is_good = np.isfinite(numbers)
        if not is_good.all():
            index = int(np.argmin(is_good))
            number = f"number {before + index + 1} of {count} is {numbers[index]}"
            raise self.error(f"{number}, expected a finite float32")

    def _drop_read(self) -> None:
        del self._buffer[: self._position]
        self._position = 0

    def _more(self) -> bool:
        """Adds up to STEP bytes to the buffer; False at the end of the file."""
        piece = next(self._pieces, b"")
        self._buffer += piece
        return bool(piece)

    def _contents(self, source: Path | str | bytes) -> Generator[bytes]:
        """The file's content, decompressed, in pieces of at most STEP bytes; none is empty."""
        size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
        with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
            first = file.read(STEP)
            pieces = itertools.chain([first] if first else [], iter(lambda: file.read(STEP), b""))
            yield from self._decompressed(pieces, size) if first.startswith(_GZIP_MARK) else pieces

    def _decompressed(self, pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
        stream, total, most = zlib.decompressobj(wbits=31), 0, LARGEST_GROWTH * size + SPARE_BYTES
        for piece in itertools.chain(pieces, [b""]):
            rest = piece
            while not stream.eof:
                try:
                    output = stream.decompress(rest, STEP)
                except zlib.error as error:
                    raise self.error(f"corrupt gzip file: {error}") from error
                rest, total = stream.unconsumed_tail, total + len(output)
                if total > most:
                    raise self.error(f"a gzip file of {size} bytes unpacks to more than {most} bytes")
                if output:
                    yield output
                if not rest and len(output) < STEP:
                    break
            if stream.eof:
                if stream.unused_data or next(pieces, b""):
                    raise self.error("corrupt gzip file: it goes on after its end")
                return
        raise self.error("corrupt gzip file: it is cut off")


def _is_number(word: str | bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
