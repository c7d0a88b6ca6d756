"""Tests of the command `alphazero pull`: it copies missing networks, verifies them and prints what it did."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alphazero import pull
from alphazero.run_files import promotion
from alphazero.storage import sources
from tests.evaluation import networks
from tests.storage import runs


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run with three promoted networks, the second one of KataGo's family."""
    for seed in range(3):
        runs.promote(tmp_path / "run", seed)
    return tmp_path / "run"


def promotions(run: Path) -> promotion.Promotions:
    return promotion.Promotions(run / "weights" / "promoted")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def call(*arguments: object) -> int:
    return pull.main([str(argument) for argument in arguments])


@pytest.mark.parametrize("below", ["", "weights", "weights/promoted"])
def test_everything_is_copied(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str
):
    dest = tmp_path / "new" / "dest"
    assert call(run_folder / below, dest) == 0
    source = run_folder / "weights" / "promoted"
    assert names(dest) == names(source)
    for name in names(dest):
        assert (dest / name).read_bytes() == (source / name).read_bytes()
    output = capsys.readouterr()
    expected = [str(dest / promoted.path.name) for promoted in promotions(run_folder).all()]
    assert output.out.splitlines() == expected
    assert output.err == ""


def test_latest(run_folder: Path, tmp_path: Path):
    assert call(run_folder, tmp_path / "dest", "--latest") == 0
    newest = promotions(run_folder).all()[-1]
    assert names(tmp_path / "dest") == sorted([newest.path.name, newest.certificate_path.name, "latest.json"])
    assert json.loads((tmp_path / "dest" / "latest.json").read_text())["file"] == newest.path.name


def test_what_is_there_is_left_alone(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    dest = tmp_path / "dest"
    call(run_folder, dest)
    one, two, three = promotion.Promotions(dest).all()
    before = one.path.stat().st_mtime_ns
    two.path.write_bytes(b"damaged")
    three.certificate_path.unlink()
    capsys.readouterr()
    assert call(run_folder, dest) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{one.path} is there already", str(two.path), str(three.path)
    ]  # fmt: skip
    assert one.path.stat().st_mtime_ns == before
    assert len(promotion.Promotions(dest).all()) == 3


def test_a_damaged_network_is_named_and_the_others_come(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    _, damaged, newest = promotions(run_folder).all()
    damaged.path.write_bytes(damaged.path.read_bytes()[:-1])
    dest = tmp_path / "dest"
    assert call(run_folder, dest) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"pull: {damaged.path}: its sha256 is not the one in {damaged.certificate_path.name}"
    ]
    assert [promoted.number for promoted in promotion.Promotions(dest).all()] == [1, 3]
    newest.path.unlink()
    shutil.rmtree(dest)
    assert call(run_folder, dest, "--latest") == 1
    assert names(dest) == []


@pytest.mark.parametrize("source", ["missing", "empty", "file"])
def test_sources_that_are_not_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert call(tmp_path / source, tmp_path / "dest") == 2
    assert capsys.readouterr().err == f"pull: SOURCE={tmp_path / source}: no promoted networks there\n"
    assert not (tmp_path / "dest").exists()


def test_destinations_that_are_not_folders(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "dest").write_text("")
    assert call(run_folder, tmp_path / "dest") == 2
    assert capsys.readouterr().err == f"pull: DEST={tmp_path / 'dest'}: is not a folder\n"
    assert call(run_folder, tmp_path / "dest" / "below") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_bad_arguments():
    with pytest.raises(SystemExit) as stop:
        pull.main(["only-one"])
    assert stop.value.code == 2


def test_as_a_program(run_folder: Path, tmp_path: Path, project: Path):
    command = [sys.executable, "-m", "alphazero.pull", str(run_folder), str(tmp_path / "dest"), "--latest"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith(".txt.gz")


FAKE_RAY = """#!{python}
import json, pathlib, shutil, sys
pathlib.Path({calls!r}).open("a").write(json.dumps(sys.argv[1:]) + "\\n")
source = pathlib.Path({head!r}, sys.argv[3].replace("~", "home"))
if not source.is_dir():
    sys.exit("Error: rsync: change_dir failed: No such file or directory (2)")
for path in source.iterdir():
    shutil.copy2(path, pathlib.Path(sys.argv[4]) / path.name)
"""


@pytest.fixture
def head(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The disk of a cluster's head, reached by a stand-in for `ray rsync-down`."""
    folder = tmp_path / "head"
    run = folder / "home" / "runs" / "9x9"
    run.parent.mkdir(parents=True)
    run_folder.replace(run)
    ray = tmp_path / "bin" / "ray"
    ray.parent.mkdir()
    ray.write_text(FAKE_RAY.format(python=sys.executable, calls=str(tmp_path / "calls"), head=str(folder)))
    ray.chmod(0o755)
    monkeypatch.setenv("PATH", str(ray.parent))
    (tmp_path / "cluster.yaml").write_text("cluster_name: test\n")
    monkeypatch.chdir(tmp_path)
    return folder


def test_from_a_cluster(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = "cluster:cluster.yaml:~/runs/9x9"
    assert call(source, "nets", "--latest") == 0
    run = head / "home" / "runs" / "9x9"
    newest = promotions(run).all()[-1]
    assert names(tmp_path / "nets") == sorted([newest.path.name, newest.certificate_path.name, "latest.json"])
    promotions(run).promote(networks.make_weights(7), {})
    assert call(source + "/", "nets") == 0
    assert len(promotion.Promotions(tmp_path / "nets").all()) == 4
    command = [
        "rsync-down",
        "cluster.yaml",
        "~/runs/9x9/weights/promoted/",
        f"{tmp_path}/.nets.staging/weights/promoted/",
    ]
    assert [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()] == [command] * 2
    capsys.readouterr()
    promotions(run).all()[1].path.write_bytes(b"another file")
    assert call(source, "more") == 1
    assert "its sha256 is not the one in 00002-" in capsys.readouterr().err


def test_a_cluster_that_does_not_answer(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert call("cluster:cluster.yaml:~/other", "nets") == 1
    assert capsys.readouterr().err == (
        "pull: cluster:cluster.yaml:~/other: ray rsync-down failed: "
        "Error: rsync: change_dir failed: No such file or directory (2)\n"
    )
    assert not (tmp_path / "nets").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("cluster:cluster.yaml", "must be cluster:CLUSTER.YAML:RUN_DIR, such as"),
        ("cluster::~/runs/9x9", "must be cluster:CLUSTER.YAML:RUN_DIR, such as"),
        ("cluster:cluster.yaml:~/runs; rm -rf x", "must be cluster:CLUSTER.YAML:RUN_DIR, such as"),
        ("cluster:cluster.yaml:$(id)", "must be cluster:CLUSTER.YAML:RUN_DIR, such as"),
        ("cluster:cluster.yaml:--rsh=id", "must be cluster:CLUSTER.YAML:RUN_DIR, such as"),
        ("cluster:missing.yaml:~/runs/9x9", "missing.yaml is not a file"),
    ],
)
def test_clusters_that_cannot_be(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, message: str
):
    assert call(source, "nets") == 2
    output = capsys.readouterr().err
    assert output.startswith(f"pull: SOURCE={source}: {message}") and output.count("\n") == 1
    assert not (tmp_path / "calls").exists()


def test_without_ray(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "c.yaml").write_text("")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ValueError, match="the program ray is not installed"):
        sources.open_source(f"cluster:{tmp_path}/c.yaml:x", tmp_path / "dest")


@pytest.mark.parametrize("source", ["s3://user:geheim@bucket/x", "https://host/x?token=geheim"])
def test_secrets_are_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str):
    assert call(source, tmp_path / "dest") == 2
    output = capsys.readouterr().err
    assert "must not hold a user, password or query" in output
    assert "geheim" not in output and output.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--latest", "--run"], "argument --run: not allowed with argument --latest"),
        (["--watch", "--interval", "0"], "argument --interval: 0: must be a number from 1 to 3600"),
        (["--watch", "--run"], "--run: must not come with --watch"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options, message
):
    try:
        code = call(tmp_path, tmp_path / "dest", *options)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert message in capsys.readouterr().err
