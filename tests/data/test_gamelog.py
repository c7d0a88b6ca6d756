"""The game log: corruption costs only the games that it affects, and its place is named."""

from pathlib import Path

import pytest

from alphazero.data import gamelog
from tests.data import games

HOUR_NS = 3600 * 10**9
START_NS = 1_700_000_000 * 10**9  # 2023-11-14 22:13:20 UTC


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START_NS

    def __call__(self) -> int:
        self.now += 1000
        return self.now


def ids(log: gamelog.GameLog, corrupt: list[gamelog.CorruptRecord] | None = None) -> list[str]:
    corrupt = [] if corrupt is None else corrupt
    return [record.game_id for record in log.read_all(corrupt.append)]


def make_log(folder: Path, *game_ids: str) -> gamelog.GameLog:
    """A log of one file with one frame for each id."""
    log = gamelog.GameLog(folder, Clock())
    log.append_many([games.make_record(game_id=game_id) for game_id in game_ids], "actor")
    return log


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_a_file_for_each_actor_and_hour(tmp_path: Path):
    clock = Clock()
    log = gamelog.GameLog(tmp_path / "games", clock)
    log.append(games.make_record(game_id="1"), "one")
    clock.now += HOUR_NS
    log.append(games.make_record(game_id="2"), "one")
    log.append(games.make_record(game_id="3"), "two")
    names = sorted(path.name for path in (tmp_path / "games").iterdir())
    assert names == ["one-20231114T22.games", "one-20231114T23.games", "two-20231114T23.games"]


def test_games_are_read_in_the_order_of_writing(tmp_path: Path):
    """Across actors and hours, although files and names are in another order."""
    clock = Clock()
    log = gamelog.GameLog(tmp_path, clock)
    log.append_many([games.make_record(game_id="z"), games.make_record(game_id="y")], "two")
    log.append(games.make_record(game_id="x"), "one")
    clock.now += HOUR_NS
    log.append(games.make_record(game_id="w"), "two")
    log.append(games.make_record(game_id="v"), "one")
    assert ids(log) == ["z", "y", "x", "w", "v"]


def test_an_empty_or_absent_folder_holds_no_games(tmp_path: Path):
    log = gamelog.GameLog(tmp_path / "nowhere")
    assert ids(log) == []
    log.append_many([], "actor")
    assert not (tmp_path / "nowhere").exists()


def test_entries_have_the_ids_and_targets_of_the_games(tmp_path: Path):
    log = make_log(tmp_path, "1", "2")
    entries = log.entries()
    assert [(entry.game_id, entry.num_targets) for entry in entries] == [("1", 4), ("2", 4)]
    assert log.read(entries[1]).moves.tolist() == [4, 0, 9, 9]


def test_repeated_games_are_dropped(tmp_path: Path):
    log = make_log(tmp_path, "1", "2", "1", "3", "2")
    assert ids(log) == ["1", "2", "3"]


def test_every_flipped_byte_costs_its_own_game(tmp_path: Path):
    log = make_log(tmp_path, "1", "2", "3")
    path = only_file(tmp_path)
    data = path.read_bytes()
    second = data.find(gamelog.MAGIC, 1)
    third = data.find(gamelog.MAGIC, second + 1)
    for place in range(second, third):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        corrupt: list[gamelog.CorruptRecord] = []
        assert ids(log, corrupt) == ["1", "3"], place
        assert [(skipped.path, skipped.offset) for skipped in corrupt] == [(path, second)]


def test_every_torn_tail_costs_the_last_game(tmp_path: Path):
    log = make_log(tmp_path, "1", "2")
    path = only_file(tmp_path)
    data = path.read_bytes()
    second = data.find(gamelog.MAGIC, 1)
    for length in range(second + 1, len(data)):
        path.write_bytes(data[:length])
        corrupt: list[gamelog.CorruptRecord] = []
        assert ids(log, corrupt) == ["1"], length
        assert [skipped.offset for skipped in corrupt] == [second]


def test_writing_continues_after_a_torn_tail(tmp_path: Path):
    log = make_log(tmp_path, "1", "2")
    path = only_file(tmp_path)
    data = path.read_bytes()
    second = data.find(gamelog.MAGIC, 1)
    for length in (second + 3, second + 20, len(data) - 1):
        path.write_bytes(data[:length])
        log.append(games.make_record(game_id="3"), "actor")
        corrupt: list[gamelog.CorruptRecord] = []
        assert ids(log, corrupt) == ["1", "3"], length
        assert [skipped.offset for skipped in corrupt] == [second]


@pytest.mark.parametrize(
    "garbage", [b"\0" * 4096, b"text\n", gamelog.MAGIC[:-1], gamelog.MAGIC + b"\xff" * 64]
)
def test_garbage_between_games_is_skipped(tmp_path: Path, garbage: bytes):
    log = make_log(tmp_path, "1", "2")
    path = only_file(tmp_path)
    data = path.read_bytes()
    second = data.find(gamelog.MAGIC, 1)
    path.write_bytes(garbage + data[:second] + garbage + data[second:] + garbage)
    corrupt: list[gamelog.CorruptRecord] = []
    assert ids(log, corrupt) == ["1", "2"]
    assert [skipped.offset for skipped in corrupt] == [0, len(garbage) + second, 2 * len(garbage) + len(data)]


def test_a_valid_frame_around_an_unreadable_game_is_named(tmp_path: Path):
    """The checksum is right, but the payload is not a game, or a game of another version."""
    log = make_log(tmp_path, "1")
    path = only_file(tmp_path)
    record = games.make_record(game_id="2").to_bytes()
    wrong = [b"", b"not a game", record.replace(b'"version":2', b'"version":9'), record[:-5]]
    path.write_bytes(path.read_bytes() + b"".join(gamelog._frame(payload, START_NS) for payload in wrong))
    log.append(games.make_record(game_id="3"), "actor")
    corrupt: list[gamelog.CorruptRecord] = []
    assert ids(log, corrupt) == ["1", "3"]
    assert len(corrupt) == len(wrong)


def test_corruption_is_logged_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    log = make_log(tmp_path, "1")
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert list(log.read_all()) == []
    assert caplog.messages == [f"game log: skipped {path} at byte 0: a truncated game"]


@pytest.mark.parametrize("actor", ["", "../up", "a b", "a\n"])
def test_actor_names_that_are_not_file_names_are_refused(tmp_path: Path, actor: str):
    with pytest.raises(ValueError, match="actor"):
        gamelog.GameLog(tmp_path).append(games.make_record(), actor)
    assert list(tmp_path.iterdir()) == []
