"""Sources: files are found by name, all kinds give the same positions, and held-out data stay held out."""

import gzip
import lzma

import numpy as np
import pytest

from alphazero.data import rows as data_rows
from alphazero.data import targets as game_targets
from alphazero.datasets import sources
from alphazero.go import input_families
from tests.datasets import corpus

Kind = sources.SourceKind
RULES = {6, 7, 8}
"""KataGo's global inputs for the ko rule and suicide, which the SGF files here do not name."""


def read(source, reading=corpus.READING):
    reported = []
    blocks = list(sources.read(source, reading, reported.append))
    return blocks, reported


def test_folders_files_and_patterns_are_found(tmp_path):
    log = corpus.write_log(tmp_path / "run", 2)
    sgf = corpus.write_sgf(tmp_path / "sgf", 2)
    chunks = corpus.write_chunks(tmp_path / "chunks", 3)
    (chunks / ".half.gz").write_text("")

    def kinds(*patterns):
        return [source.kind for source in sources.find([str(pattern) for pattern in patterns])]

    assert kinds(log) == kinds(log / "games") == kinds(*log.glob("games/*.games")) == [Kind.games]
    assert kinds(sgf) == kinds(sgf / "*.sgf") == [Kind.sgf] * 2
    assert kinds(chunks) == kinds(chunks / "*.gz", chunks) == kinds(tmp_path / "c*") == [Kind.chunk] * 3
    assert kinds(chunks / "*.0.gz", sgf, log) == [Kind.chunk, Kind.games, Kind.sgf, Kind.sgf]


def test_compressed_sgf_files_of_a_folder_are_not_chunks(tmp_path):
    folder = corpus.write_sgf(tmp_path / "sgf", 2)
    files = sorted(folder.iterdir())
    plain = [block.batch.planes for source in sources.find([str(folder)]) for block in read(source)[0]]
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "0.sgf.gz").write_bytes(gzip.compress(files[0].read_bytes()))
    (packed / "1.SGF.xz").write_bytes(lzma.compress(files[1].read_bytes()))
    found = sources.find([str(packed)])
    assert [source.kind for source in found] == [Kind.sgf] * 2
    again = [block.batch.planes for source in found for block in read(source)[0]]
    assert len(again) == len(plain) == 2
    assert all(np.array_equal(one, other) for one, other in zip(plain, again, strict=True))


@pytest.mark.parametrize(
    "name", ["a=b", "games [1]", "100%", "#1", "a, b", "it's", '"x"', "$HOME", "{a}", "围棋", "what?", "*"]
)
def test_existing_names_take_precedence_over_patterns(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    sgf = corpus.write_sgf(tmp_path / name, 2)
    corpus.write_sgf(tmp_path / "games 1", 1)
    wanted = sorted(sgf.iterdir())
    for pattern in (sgf, sgf / "*.sgf", f"~/{name}", f"~/{name}/game00[01].sgf", sgf / "**" / "*.sgf"):
        assert [source.path for source in sources.find([str(pattern)])] == wanted


@pytest.mark.parametrize("name", ["nowhere", "no/*.gz", "empty"])
def test_a_pattern_without_files_is_named(name, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=f"data.path={tmp_path}.*: no training chunks, SGF files or game"):
        sources.find([str(tmp_path / name)])


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("train.0.gz", True),
        ("train_0.gz", True),
        ("train.GZ", True),
        ("train.txt", True),
        ("train.txt.0", True),
        ("chunk.txt.12", True),
        ("train.chunk.3", True),
        ("train.0", True),  # train.0.gz after gunzip
        ("train", False),
        ("notes.md", False),
        ("train.0.bak", False),
        (".train.0.gz", False),
    ],
)
def test_chunks_in_a_folder_are_found_by_name(name, is_found, tmp_path):
    corpus.write_chunks(tmp_path, 1)
    text = gzip.decompress((tmp_path / "chunk.0.gz").read_bytes())
    (tmp_path / "chunk.0.gz").unlink()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.lower().endswith(".gz") else text)
    if is_found:
        (source,) = sources.find([str(tmp_path)])
        assert source.path.name == name and sum(len(block.is_held_out) for block in read(source)[0]) == 24
    else:
        with pytest.raises(
            ValueError, match=r"read from a folder: .*\*\.gz, \*\.chunk, \*\.txt.*train\.txt\.0"
        ):
            sources.find([str(tmp_path)])


def test_numbered_files_that_are_not_chunks_are_ignored(tmp_path):
    corpus.write_chunks(tmp_path, 1)
    (tmp_path / "events.out.tfevents.17.host.0").write_bytes(b"\x18\0\0\0\0\0\0\0")
    (tmp_path / "run.log.1").write_text("started\n")
    (tmp_path / "folder.0").mkdir()
    assert [source.path.name for source in sources.find([str(tmp_path)])] == ["chunk.0.gz"]


@pytest.mark.parametrize("end", ["", "0\n"])
def test_a_chunk_and_its_compressed_copy_are_read_once(end, tmp_path, caplog):
    corpus.write_chunks(tmp_path, 1)
    packed, plain = tmp_path / "chunk.0.gz", tmp_path / "chunk.0"
    plain.write_bytes(gzip.decompress(packed.read_bytes()) + end.encode())
    for patterns in ([tmp_path], [packed, plain], [tmp_path / "chunk.*"]):
        caplog.clear()
        found = [source.path for source in sources.find([str(pattern) for pattern in patterns])]
        assert found == ([plain, packed] if end else [plain])
        (line,) = caplog.messages
        assert line.startswith(
            f"{packed}: {'differs in content from' if end else 'has the same content as'} chunk.0 "
        )
    assert [source.path for source in sources.find([str(packed)])] == [packed]


def test_all_kinds_hold_the_same_positions(tmp_path):
    places = [
        corpus.write_log(tmp_path / "run", 4),
        corpus.write_chunks(tmp_path / "chunks", 2),
        corpus.write_sgf(tmp_path / "sgf", 4),
    ]
    read_all = [[read(source)[0] for source in sources.find([str(place)])] for place in places]
    log, chunks, sgf = (
        data_rows.join(
            [data_rows.keep_fields(block.batch, frozenset()) for blocks in found for block in blocks]
        )
        for found in read_all
    )
    assert np.array_equal(log.planes, chunks.planes) and np.array_equal(log.planes, sgf.planes)
    assert log.policy == pytest.approx(chunks.policy, abs=1e-5)
    assert np.array_equal(np.sign(log.value), chunks.value) and np.array_equal(chunks.value, sgf.value)
    assert set(sgf.policy.max(axis=1)) == {1}


def test_only_our_own_games_have_all_targets(tmp_path):
    (log,) = sources.find([str(corpus.write_log(tmp_path / "run", 2))])
    (chunk,) = sources.find([str(corpus.write_chunks(tmp_path / "chunks", 1))])
    assert {data_rows.known(block.batch) for block in read(log)[0]} == {
        frozenset(game_targets.optional_fields())
    }
    assert {data_rows.known(block.batch) for block in read(chunk)[0]} == {frozenset()}


@pytest.mark.parametrize("kind", ["log", "chunk"])
def test_whole_games_are_held_out_in_about_the_right_number(kind, tmp_path):
    reading = corpus.READING._replace(held_out_fraction=0.2)
    if kind == "log":
        place = corpus.write_log(tmp_path / "run", 60)
    else:
        place = corpus.write_chunks(tmp_path / "chunks", 1, games_each=60)
    (source,) = sources.find([str(place)])
    held = np.concatenate([block.is_held_out for block in read(source, reading)[0]])
    games = held.reshape(60, 12)
    assert (games.all(axis=1) | ~games.any(axis=1)).all()
    assert 6 <= games[:, 0].sum() <= 18


def test_held_out_files_stay_held_out_when_others_are_added(tmp_path):
    few = [sources.Source(tmp_path / f"{n:03d}.gz", Kind.chunk, 1) for n in range(100)]
    more = [sources.Source(tmp_path / f"{n:03d}.gz", Kind.chunk, 1) for n in range(200)]
    first, second = sources.split(few, 0.1).files, sources.split(more, 0.1).files
    assert first and second and first <= second
    assert 3 <= len(first) <= 25 and not {source.path for source in few} & (second - first)
    assert sources.split(few[:10], 0.1).files is None
    assert sources.split(few, 0).files is None
    sgf = [source._replace(kind=Kind.sgf) for source in few[:3]]
    assert len(sources.split(sgf, 0.1).files or ()) == 1


def test_games_of_another_size_and_broken_logs_are_left_out(tmp_path):
    place = corpus.write_log(tmp_path / "run", 3)
    (source,) = sources.find([str(place)])
    blocks, reported = read(source, corpus.READING._replace(size=7))
    assert not blocks and [str(skipped) for skipped in reported] == [
        f"{source.path}, game game-0000 and 2 more: is for another board size (5x5, expected 7x7)"
    ]
    source.path.write_bytes(source.path.read_bytes()[:-20])
    blocks, reported = read(source)
    assert len(blocks) == 2 and len(reported) == 1 and "truncated" in str(reported[0])
    source.path.unlink()
    assert [skipped.reason.name for skipped in read(source)[1]] == ["unreadable"]


def test_games_give_the_inputs_of_every_family_and_chunks_only_their_own(tmp_path):
    log = sources.find([str(corpus.write_log(tmp_path / "run", 3))])
    sgf = sources.find([str(corpus.write_sgf(tmp_path / "sgf", 3))])
    chunks = sources.find([str(corpus.write_chunks(tmp_path / "chunks", 1))])
    for family in input_families.FAMILIES.values():
        reading = corpus.READING._replace(family=family)
        sources.check_inputs([*log, *sgf], family)
        of_log, of_sgf = (
            data_rows.join([block.batch for source in found for block in read(source, reading)[0]])
            for found in (log, [*sgf])
        )
        assert of_log.planes.shape == (36, family.num_packed_bytes(5))
        assert of_log.globals.shape == (36, family.num_globals)
        assert np.array_equal(of_log.planes, of_sgf.planes)
        seen = [number for number in range(family.num_globals) if number not in RULES]
        assert np.array_equal(of_log.globals[:, seen], of_sgf.globals[:, seen])
    sources.check_inputs([*log, *chunks], input_families.LEELA)
    with pytest.raises(ValueError, match=r"^data\.path: .*chunk\.0\.gz is a training chunk and has .*leela"):
        sources.check_inputs([*log, *chunks], input_families.KATAGO_FAST)
