"""Files of JSON lines keep every complete line, wherever a kill cut the last one."""

from pathlib import Path

import pytest

from alphazero import json_lines

LINES = ['{"a": 1}', '{"b": "\u00e9"}']
WHOLE = b"".join(line.encode() + b"\n" for line in LINES)


def test_lines_come_back(tmp_path: Path):
    path = tmp_path / "lines"
    assert list(json_lines.complete_lines(path)) == []
    json_lines.append(path, LINES[:1])
    json_lines.append(path, LINES[1:])
    assert path.read_bytes() == WHOLE
    assert list(json_lines.complete_lines(path)) == WHOLE.splitlines(keepends=True)
    assert list(json_lines.complete_lines(path, len(LINES[0]) + 1)) == WHOLE.splitlines(keepends=True)[1:]


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_half_a_line_is_not_read_and_the_next_append_removes_it(tmp_path: Path, cut: int):
    path = tmp_path / "lines"
    path.write_bytes(WHOLE[:cut])
    complete = WHOLE[: WHOLE[:cut].rfind(b"\n") + 1]
    assert b"".join(json_lines.complete_lines(path)) == complete
    json_lines.append(path, ["{}"])
    assert path.read_bytes() == complete + b"{}\n"


def test_no_lines_change_nothing(tmp_path: Path):
    path = tmp_path / "lines"
    path.write_bytes(WHOLE)
    json_lines.append(path, [])
    assert path.read_bytes() == WHOLE
