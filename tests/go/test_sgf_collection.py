"""Tests of SGF collections: corruption loses only the game in which it is."""

import gzip
import lzma
import random
import zipfile

import pytest

from alphazero.go import sgf, sgf_collection
from tests.reference import sgf_collection as reference_sgf


def game(number, encoding="utf-8", name=""):
    """A game of four moves, which encode its number."""
    letter = "abcdefghi"[number % 9]
    moves = "".join(f";{'BW'[ply % 2]}[{letter}{'aceg'[ply]}]" for ply in range(4))
    return f"(;GM[1]FF[4]CA[{encoding}]SZ[9]PB[{name}{number}]{moves})".encode(encoding)


def names(data):
    """Names of the black players; "refused" for games that cannot be read."""
    found = []
    for text in sgf_collection.split(data):
        try:
            found.append(sgf.read(text).black_name)
        except ValueError:
            found.append("refused")
    return found


WHOLE = [game(number) for number in range(3)]
CASES = {
    "whole": (b"\n".join(WHOLE), "0 1 2"),
    "smiley": (b"Lost again :-(\n" + b"\n".join(WHOLE), "0 1 2"),
    "stray brackets": (b"\n)] ( [".join(WHOLE), "0 1 2"),
    "a bracket too many": (WHOLE[0] + b")" + WHOLE[1] + WHOLE[2], "0 1 2"),
    "a bracket too few": (WHOLE[0] + WHOLE[1][:-1] + WHOLE[2], "0 refused 2"),
    "breaks off in a value": (WHOLE[0] + WHOLE[1][:-3] + WHOLE[2], "0 refused 2"),
    "breaks off in a comment": (WHOLE[0] + WHOLE[1][:-1] + b"C[oh" + WHOLE[2], "0 refused 2"),
    "breaks off at the end": (WHOLE[0] + WHOLE[1][:-1], "0 refused"),
    "no properties of a root": (b"(;B[aa];W[bb]) (;B[aa])", " "),
    "variations": (WHOLE[0][:-1] + b"(;W[ii])(;W[hh]))" + WHOLE[1], "0 1"),
    "a game in a comment": (WHOLE[0][:-1] + rb"C[(;GM[1\]SZ[9\];B[aa\])])" + WHOLE[1], "0 1"),
    "letters that hide brackets": (
        b"".join(game(number, "shift_jis", "\u8868") for number in range(3)), "\u88680 \u88681 \u88682"
    ),
    "a player's name that hides its bracket": (
        WHOLE[0] + "(;GM[1]SZ[9]CA[Shift_JIS]PB[\u8868];B[cc])(;B[aa])".encode("shift_jis"), "0 \u8868 "
    ),
    "nothing": (b"", ""),
    "no games": (b"some ( text ) []", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_split(case):
    data, expected = CASES[case]
    assert " ".join(names(data)) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_collections_with_a_byte_order_mark(encoding):
    text = b"".join(game(number, name="\u6797") for number in range(2)).decode()
    assert names(text.encode(encoding)) == ["\u67970", "\u67971"]


def test_packed_files(tmp_path):
    data = b"".join(WHOLE)
    (tmp_path / "a.sgf.gz").write_bytes(gzip.compress(data))
    (tmp_path / "b.SGF.XZ").write_bytes(lzma.compress(data))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("one.sgf", WHOLE[0])
        archive.writestr("more/two.SGF", WHOLE[1])
        archive.writestr("notes.txt", "not a game")
    (tmp_path / "d.gz").write_bytes(b"")
    paths = sgf_collection.find(tmp_path)
    assert [path.name for path in paths] == ["a.sgf.gz", "b.SGF.XZ", "c.zip"]
    assert [len(list(sgf_collection.games(path))) for path in paths] == [3, 3, 2]


@pytest.mark.parametrize("name", ["a.sgf.gz", "a.sgf.xz", "a.zip"])
def test_packed_files_that_are_corrupt(tmp_path, name):
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(OSError) as error:
        list(sgf_collection.games(tmp_path / name))
    assert error.value.strerror


def test_unpacked_size_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(sgf_collection, "MOST_UNPACKED_BYTES", 1 << 20)
    (tmp_path / "a.sgf.gz").write_bytes(gzip.compress(b" " * (2 << 20)))
    with pytest.raises(OSError) as error:
        list(sgf_collection.games(tmp_path / "a.sgf.gz"))
    assert error.value.strerror == "unpacks to more than 1 MiB"


@pytest.mark.parametrize("name", ["whole", "smiley", "extra-paren"])
def test_real_collections(shared_data, name):
    path = shared_data / "field" / "collections" / f"{name}.sgf"
    games = [sgf.read(text) for text in sgf_collection.games(path)]
    assert (len(games), sum(len(game.moves) for game in games)) == (50, 600)


def corrupt(data, rng):
    """A collection with a few bytes removed, repeated, replaced or added."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            del data[at : at + rng.randint(1, 60)]
        elif kind == 1:
            data[at:at] = data[at : at + rng.randint(1, 60)]
        elif kind == 2:
            data[at] = rng.choice(b"()[];\\BWa\n")
        else:
            data[at:at] = bytes(rng.choices(b"()[];\\BWa\n", k=rng.randint(1, 5)))
    return bytes(data)


def moves_of(text):
    try:
        read = sgf.read(text)
    except ValueError:
        return None
    return read.size, tuple(read.moves)


@pytest.mark.slow
def test_no_game_is_lost_that_a_lenient_reference_reads():
    rng = random.Random(1)
    whole, lost = b"\n".join(game(number) for number in range(5)), []
    for number in range(5000):
        data = corrupt(whole, rng)
        ours = [moves_of(text) for text in sgf_collection.split(data)]
        for text in reference_sgf.games(data.decode()):
            moves = moves_of(text.encode())
            if moves is not None and moves not in ours:
                lost.append((number, text, data))
    assert not lost, f"{len(lost)} lost, first {lost[0]}"
