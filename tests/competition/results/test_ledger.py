"""Tests of a competition's folder: it survives kills at any byte and does not mix competitions."""

import json

import msgspec
import pytest

from alphazero.competition.results import ledger
from tests.competition.playing import matchup, playoff, result

COMPETITION = playoff(matchup(number_of_games=9))


def open_ledger(folder, competition=COMPETITION):
    return ledger.Ledger(folder, "trial", competition)


def test_counted_games_are_read_back(tmp_path):
    with open_ledger(tmp_path) as book:
        book.add(result(0), b"(;SZ[5])", {"a": "Steady"})
        book.add(result(1), None, {"b": "Faulty"})
        assert (tmp_path / "games" / "0_0.sgf").read_bytes() == b"(;SZ[5])"
    with open_ledger(tmp_path) as book:
        assert book.contents.results == [result(0), result(1)]
        assert book.contents.descriptions == {"a": "Steady", "b": "Faulty"}
    found = ledger.read(tmp_path)
    assert (found.name, found.competition, found.results) == ("trial", COMPETITION, [result(0), result(1)])


def test_a_game_whose_sgf_file_cannot_be_written_does_not_count(tmp_path):
    with open_ledger(tmp_path) as book:
        (tmp_path / "games").write_text("a file in place of the folder")
        with pytest.raises(FileExistsError):
            book.add(result(0), b"(;)", {})
    assert ledger.read(tmp_path).results == []


def test_half_a_line_is_dropped_wherever_it_ends(tmp_path):
    lines = [(result(number).line() + "\n").encode() for number in range(2)]
    for length in (1, 2, 50, 200, len(lines[1]) - 2, len(lines[1]) - 1):
        (tmp_path / "games.jsonl").write_bytes(lines[0] + lines[1][:length])
        with open_ledger(tmp_path) as book:
            assert book.contents.results == [result(0)]
            book.add(result(1), None, {})
        assert (tmp_path / "games.jsonl").read_bytes() == b"".join(lines)


def test_a_game_without_its_line_is_set_aside(tmp_path):
    with open_ledger(tmp_path) as book:
        book.add(result(0), b"(;)", {})
    (tmp_path / "games" / "0_1.sgf").write_bytes(b"(;)")
    (tmp_path / "games" / ".0_2.sgf.77.tmp").write_bytes(b"(")
    with open_ledger(tmp_path):
        assert [path.name for path in (tmp_path / "games").iterdir()] == ["0_0.sgf"]
        assert [path.name for path in (tmp_path / "void").iterdir()] == ["0_1-uncounted.sgf"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}\n", r"games\.jsonl: line 1: not a game record: "),
        (f"{result(0).line()}\n{result(0).line()}\n", r"games\.jsonl: line 2: game 0_0 occurs twice"),
    ],
)
def test_corrupt_results_are_reported(text, reason, tmp_path):
    (tmp_path / "games.jsonl").write_text(text)
    with pytest.raises(ValueError, match=reason):
        open_ledger(tmp_path)
    # The failed attempt has released the lock.
    (tmp_path / "games.jsonl").unlink()
    open_ledger(tmp_path).close()


def test_one_run_at_a_time(tmp_path):
    with open_ledger(tmp_path):
        with pytest.raises(ValueError, match=f"^{tmp_path}: another run of this competition is in progress$"):
            open_ledger(tmp_path)
        assert ledger.read(tmp_path).results == []
    open_ledger(tmp_path).close()


def test_other_players_are_refused(tmp_path):
    with open_ledger(tmp_path) as book:
        book.add(result(0), None, {})
    with pytest.raises(
        ValueError, match="matchup 0 was between a and b, but is now between a and c; give it another id"
    ):
        open_ledger(tmp_path, playoff(matchup("a", "c")))
    # Everything else may change: gomill's playoffs.rst, "Changing the control file between runs".
    open_ledger(tmp_path, playoff(matchup("b", "a", alternating=True, number_of_games=1))).close()
    open_ledger(tmp_path, playoff(matchup("a", "c", matchup_id="1"))).close()


def test_void_games_keep_their_logs(tmp_path):
    with open_ledger(tmp_path) as book:
        for attempt in (1, 2):
            logs = [book.log_path("0_1.gtp"), book.log_path("0_1.a.stderr"), book.log_path("0_1.b.stderr")]
            logs[0].parent.mkdir(exist_ok=True)
            logs[0].write_text(f"attempt {attempt}")
            logs[1].write_text("sorry")
            book.add_void("0_1", "a: ended", b"(;)" if attempt == 2 else None, logs)
        book.add_void("0_11", "a: ended", None, [])
    names = sorted(path.name for path in (tmp_path / "void").iterdir())
    assert names == ["0_1-1.a.stderr", "0_1-1.gtp", "0_1-2.a.stderr", "0_1-2.gtp", "0_1-2.sgf"]
    assert (tmp_path / "void" / "0_1-2.gtp").read_text() == "attempt 2"
    lines = [json.loads(line) for line in (tmp_path / "void.jsonl").read_text().splitlines()]
    assert [line["attempt"] for line in lines] == ["0_1-1", "0_1-2", "0_11-1"]
    assert lines[0]["reason"] == "a: ended"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("other", "", "not the folder of a competition"),
        ("competition.json", "{", r"competition\.json: corrupt, or written by another version"),
        ("competition.json", '{"name": "x"}', r"competition\.json: corrupt, or written by another version"),
    ],
)
def test_other_folders_are_not_read(name, text, reason, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=reason):
        ledger.read(tmp_path)


def test_a_folder_that_cannot_be_created(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="file/trial: cannot be written"):
        open_ledger(tmp_path / "file" / "trial")


def test_the_log_has_times(tmp_path):
    with open_ledger(tmp_path) as book:
        book.note("run starts")
        book.note("run ends")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line[20:] for line in lines] == ["run starts", "run ends"]
    assert all(len(line.split()[0]) == 10 for line in lines)


def test_descriptions_change_with_the_players(tmp_path):
    with open_ledger(tmp_path) as book:
        book.add(result(0), None, {"a": "old", "b": "same"})
        book.add(msgspec.structs.replace(result(1)), None, {"a": "new"})
    assert ledger.read(tmp_path).descriptions == {"a": "new", "b": "same"}
