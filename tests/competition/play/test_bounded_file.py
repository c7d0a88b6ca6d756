"""Tests of bounded files, which keep the beginning and the end of their input."""

import pytest

from alphazero.competition.play import bounded_file


@pytest.mark.parametrize(
    ("pieces", "content"),
    [
        (["abc", "def"], "abcdef"),
        (["abcdef", "ghi"], "abcdefghi"),
        (["abcdefghij"], "abcdef\n[1 bytes omitted]\nhij"),
        (["abcdefgh", "ijkl", "mnop"], "abcdef\n[7 bytes omitted]\nnop"),
        (["a"] * 100, "aaaaaa\n[91 bytes omitted]\naaa"),
    ],
)
def test_ends_are_kept(pieces, content, tmp_path):
    with bounded_file.BoundedFile(tmp_path / "log", first_bytes=6, last_bytes=3) as file:
        for piece in pieces:
            file.write(piece.encode())
    assert (tmp_path / "log").read_text() == content


def test_the_beginning_is_written_at_once(tmp_path):
    file = bounded_file.BoundedFile(tmp_path / "logs" / "log")
    assert not file.path.exists()
    file.write(b"abc")
    assert file.path.read_bytes() == b"abc"
    file.close()
    file.close()
    assert file.path.read_bytes() == b"abc"
