"""The export command: sources, messages and exit codes."""

import gzip
import subprocess
import sys

import pytest

from alphazero import export
from alphazero.data import gamelog
from alphazero.datasets import chunk_writer
from tests.data import games
from tests.datasets import chunks


def call(*arguments):
    return export.main([*map(str, arguments), "--to", "chunks"])


@pytest.fixture
def run_folder(tmp_path):
    """A run with a won game, a drawn game, and a torn end of its log."""
    log = gamelog.GameLog(tmp_path / "9x9" / "games")
    log.append_many([games.make_record(), games.make_record(game_id="drawn", komi=0.0)], "actor")
    (path,) = (tmp_path / "9x9" / "games").iterdir()
    with path.open("ab") as file:
        file.write(gamelog.MAGIC)
    return tmp_path / "9x9"


@pytest.mark.parametrize("below", ["", "games"])
def test_runs(run_folder, tmp_path, capsys, below):
    assert call(run_folder / below, tmp_path / "out") == 0
    output = capsys.readouterr()
    assert output.out == (
        f"{tmp_path / 'out'}: 4 positions of 1 games, chunks: 1; "
        "left out: 1 drawn games, 0 without policy, 1 skipped (1 unreadable)\n"
    )
    (line,) = output.err.splitlines()
    assert line.startswith("export: skipped ") and line.endswith("cannot be read (a truncated game)")
    batch, reported = chunks.read(tmp_path / "out" / f"{below or '9x9'}.0.gz", 3)
    assert (batch.policy.argmax(axis=1).tolist(), reported) == ([4, 0, 9, 9], [])
    assert batch.value.tolist() == [-1, 1, -1, 1]


def test_sgf(tmp_path, capsys):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "a.sgf").write_bytes(chunks.SGF)
    (folder / "b.sgf").write_bytes(chunks.SGF.replace(b"SZ[5]", b"SZ[9]"))
    assert call(folder, tmp_path / "out") == 0
    assert capsys.readouterr().err.splitlines() == [
        f"export: skipped {folder / 'b.sgf'}, game 1: is for another board size (9x9, expected 5x5)"
    ]
    assert call(folder / "a.sgf", tmp_path / "out") == 0
    for name in ("archive", "a"):
        assert gzip.decompress((tmp_path / "out" / f"{name}.0.gz").read_bytes()).decode() == "".join(
            chunks.RECORDS
        )
    assert call(folder, tmp_path / "nine", "--size", 9) == 0
    assert chunks.read(tmp_path / "nine" / "archive.0.gz", 9)[1] == []


def test_nothing_to_write(tmp_path, capsys):
    (tmp_path / "a.sgf").write_bytes(chunks.SGF)
    assert call(tmp_path / "a.sgf", tmp_path / "out", "--size", 7) == 1
    assert "0 positions of 0 games" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [("missing", "does not exist"), ("empty", "*.sgf.xz, *.zip)"), ("file", "no readable game found"),
     ("torn", "no readable game found")],
)  # fmt: skip
def test_sources_without_games(tmp_path, capsys, source, reason):
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "a.games").write_bytes(b"")
    (tmp_path / "file").write_text("")
    assert call(tmp_path / source, tmp_path / "dest") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("export: ") and str(tmp_path / source) in line and line.endswith(reason)
    assert not (tmp_path / "dest").exists()


def test_destinations(run_folder, tmp_path, capsys):
    (tmp_path / "dest").write_text("")
    assert call(run_folder, tmp_path / "dest") == 2
    assert call(run_folder, tmp_path / "dest" / "below") == 1
    assert len(capsys.readouterr().err.splitlines()) == 4  # each call has one for the torn log
    assert call(run_folder, tmp_path / "out") == 0
    assert call(run_folder, tmp_path / "out") == 2
    assert "9x9.0.gz: already exists" in capsys.readouterr().err


def test_interruptions(run_folder, tmp_path, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(chunk_writer, "write", interrupt)
    assert call(run_folder, tmp_path / "out") == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"export: interrupted, {tmp_path / 'out'} is unchanged"


@pytest.mark.parametrize("arguments", [["a", "b"], ["a", "b", "--to", "gems"], ["a", "--to", "chunks"]])
def test_bad_arguments(arguments):
    with pytest.raises(SystemExit) as stop:
        export.main(arguments)
    assert stop.value.code == 2


def test_as_a_program(run_folder, tmp_path, project):
    command = [
        sys.executable,
        "-m",
        "alphazero.export",
        str(run_folder),
        str(tmp_path / "out"),
        "--to",
        "chunks",
    ]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "4 positions of 1 games" in done.stdout
