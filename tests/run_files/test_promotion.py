"""Promoted networks: certificates, numbers, and atomic writes."""

import json
from pathlib import Path

import pytest

from alphazero import files
from alphazero.config import game as game_config
from alphazero.config import schema
from alphazero.net import leela
from alphazero.run_files import promotion
from tests.evaluation import networks


def promote(folder: Path, count: int) -> list[promotion.Promoted]:
    return [promotion.Promotions(folder).promote(networks.make_weights(seed), {}) for seed in range(count)]


def test_a_promotion_is_a_file_its_certificate_and_the_pointer(tmp_path: Path):
    weights = networks.make_weights()
    seen: list[Path] = []

    def check(path: Path) -> float:
        seen.append(path)
        assert leela.read(path).name == "b1c2"
        return 0.25

    promoted = promotion.Promotions(tmp_path).promote(weights, {"komi": 7.0, "match": {"score": 0.6}}, check)
    data = promoted.path.read_bytes()
    digest = files.sha256(data)
    stem = f"00001-{digest[:8]}"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{stem}.json",
        f"{stem}.txt.gz",
        "latest.json",
    ]
    assert seen == [promoted.path]
    assert json.loads((tmp_path / f"{stem}.json").read_text()) == promoted.certificate == {
        "number": 1,
        "file": f"{stem}.txt.gz",
        "sha256": digest,
        "board_size": 3,
        "blocks": 1,
        "filters": 2,
        "komi": 7.0,
        "match": {"score": 0.6},
        "largest_difference": 0.25,
    }  # fmt: skip
    assert json.loads((tmp_path / "latest.json").read_text()) == {
        "number": 1,
        "file": f"{stem}.txt.gz",
        "sha256": digest,
        "certificate": f"{stem}.json",
    }
    assert leela.to_text(promoted.load()) == leela.to_text(weights)


def test_equal_networks_make_equal_files(tmp_path: Path):
    one = promotion.Promotions(tmp_path / "one").promote(networks.make_weights(), {})
    two = promotion.Promotions(tmp_path / "two").promote(networks.make_weights(), {"later": True})
    assert one.path.read_bytes() == two.path.read_bytes()
    assert one.path.name == two.path.name


def test_numbers_only_grow(tmp_path: Path):
    assert [promoted.number for promoted in promote(tmp_path, 3)] == [1, 2, 3]
    (tmp_path / "00007-01234567.txt.gz").write_bytes(b"cut short")
    (tmp_path / ".00008-01234567.json.17.tmp").write_bytes(b"cut short")
    assert promote(tmp_path, 1)[0].number == 9
    assert [promoted.number for promoted in promotion.Promotions(tmp_path).all()] == [1, 2, 3, 9]


def test_an_empty_folder(tmp_path: Path):
    promotions = promotion.Promotions(tmp_path / "nowhere")
    assert promotions.latest() is None
    assert promotions.all() == []
    assert promotions.count() == 0


@pytest.mark.parametrize("last", ["weights", "certificate", "pointer"])
def test_killed_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str):
    """The process dies before it writes the file. A weight file without a certificate does not count."""
    (first,) = promote(tmp_path, 1)
    endings = {"weights": ".txt.gz", "certificate": ".json", "pointer": "latest.json"}
    write = files.write_atomic

    def dying(path: Path, data: bytes) -> None:
        is_pointer = path.name == "latest.json"
        if path.name.endswith(endings[last]) and is_pointer == (last == "pointer"):
            raise KeyboardInterrupt
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomic", dying)
        with pytest.raises(KeyboardInterrupt):
            promotion.Promotions(tmp_path).promote(networks.make_weights(1), {})
    promotions = promotion.Promotions(tmp_path)
    latest = promotions.latest()
    assert latest is not None
    assert latest.number == promotions.count() == (2 if last == "pointer" else 1)
    assert json.loads((tmp_path / "latest.json").read_text())["file"] == latest.path.name
    assert first.number == 1


def test_leftovers_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    one, two, three, four = promote(tmp_path, 4)
    one.certificate_path.unlink()
    two.path.write_bytes(two.path.read_bytes()[:-1])
    three.path.unlink()
    four.certificate_path.write_text("{")
    assert promotion.Promotions(tmp_path).all() == []
    for path in (one.path, two.path, three.path, four.certificate_path):
        assert path.name in caplog.text
    assert len(caplog.messages) == 4


def test_altered_weights_are_not_loaded(tmp_path: Path):
    one, two = promote(tmp_path, 2)
    two.path.write_bytes(one.path.read_bytes())
    with pytest.raises(
        ValueError, match=f"{two.path.name}: its sha256 is not the one in {two.certificate_path.name}"
    ):
        two.load()
    latest = promotion.Promotions(tmp_path).latest()
    assert latest is not None
    assert latest.number == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"file": "../../secret"}, "do not belong to its name"),
        ({"sha256": "0" * 64}, "do not belong to its name"),
        ({"sha256": None}, "do not belong to its name"),
    ],
)
def test_certificates_that_point_elsewhere_are_refused(tmp_path: Path, changes: dict, reason: str):
    (promoted,) = promote(tmp_path, 1)
    promoted.certificate_path.write_text(json.dumps(promoted.certificate | changes))
    with pytest.raises(ValueError, match=reason):
        promotion.read_certificate(promoted.certificate_path)


def test_provenance_knows_the_configuration():
    config, other = schema.Config(), schema.Config(game=game_config.GameConfig(komi=6.5))
    facts = promotion.provenance(config)
    assert facts["komi"] == 7.0
    assert facts == promotion.provenance(schema.Config())
    assert facts["config_sha256"] != promotion.provenance(other)["config_sha256"]
    assert len(facts["config_sha256"]) == 64


def test_the_commit_is_ours_or_unknown(project: Path, tmp_path: Path):
    assert promotion._git_commit(tmp_path) is None
    (tmp_path / ".git").mkdir()  # not a valid repository
    assert promotion._git_commit(tmp_path) is None
    if (project / ".git").is_dir():
        commit = promotion._git_commit(project)
        assert commit is not None
        assert len(commit) == 40
