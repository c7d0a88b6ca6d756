"""Tests of `alphazero doctor` without an account: the bill, and mistakes of cluster files in one line."""

import datetime
import os
import re
import subprocess
import sys

import pytest
import yaml

from alphazero import doctor
from alphazero.clusters import bill, checks, cluster_file, prices

FILES = ("cluster.yaml", "clusters/gcp.yaml", "clusters/on_premises.yaml")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The home of a user with a token and without an account."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    token = tmp_path / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text("secret")
    token.chmod(0o600)
    return tmp_path


@pytest.fixture
def edited(project, tmp_path):
    """Writes a shipped file with some replaced values, and reads it."""

    def make(name, changes=()):
        settings = yaml.safe_load((project / name).read_text())
        for place, value in changes:
            node = settings
            *path, last = place.split(".")
            for key in path:
                node = node[key]
            node[last] = value
        path = tmp_path / "edited.yaml"
        path.write_text(yaml.safe_dump(settings))
        return cluster_file.read(path)

    return make


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_have_no_problems(name, edited):
    changes = [("provider.project_id", "mine")] if "gcp" in name else []
    cluster = edited(name, changes)
    assert checks.problems(cluster) == []
    assert [note for note in checks.notes(cluster, datetime.date(2026, 6, 1)) if "table" in note] == []


AWS, GCP = FILES[:2]
KINDS = "available_node_types"
MISTAKES = {
    "idle machines": (AWS, f"{KINDS}.gpu.min_workers", 2, f"{KINDS}.gpu: min_workers=2"),
    "no zone": (AWS, "provider.availability_zone", None, "availability_zone: is not set"),
    "two zones": (AWS, "provider.availability_zone", "a,b", "availability_zone=a,b"),
    "more GPUs than there are": (AWS, f"{KINDS}.gpu.resources.GPU", 4, "resources.GPU=4: g6.4xlarge has 1"),
    "more CPUs than there are": (
        AWS,
        f"{KINDS}.gpu.resources.CPU",
        17,
        "resources.CPU=17: g6.4xlarge has 16",
    ),
    "orphans": (AWS, f"{KINDS}.gpu.node_config.UserData", "", "gpu: does not power off"),
    "head on spot": (
        AWS,
        f"{KINDS}.head.node_config.InstanceMarketOptions",
        {"MarketType": "spot"},
        "head: is",
    ),
    "most below least": (AWS, f"{KINDS}.gpu.min_workers", 5, "max_workers=4: must be at least min_workers=5"),
    "no project": (GCP, "provider.project_id", "YOUR-PROJECT", "provider.project_id: put"),
    "runs in the mount": (
        AWS,
        "head_start_ray_commands",
        ["tensorboard --logdir ~/alphazero/runs"],
        "~/alphazero/runs is inside",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_one_line(name, edited):
    file, place, value, expected = MISTAKES[name]
    found = checks.problems(edited(file, [("provider.project_id", "mine"), (place, value)]))
    (line, *_) = [line for line in found if expected in line]
    assert "\n" not in line


def test_slow_disks_and_old_drivers_are_reported(edited):
    config = yaml.safe_load(
        "{machineType: g2-standard-16, metadata: shutdown, disks: [{initializeParams: "
        "{diskSizeGb: 10, sourceImage: projects/x/family/common-nvidia-470}}]}"
    )
    changes = [("provider.project_id", "mine"), (f"{KINDS}.gpu.node_config", config)]
    found = checks.problems(edited(GCP, changes))
    assert [line.partition(": ")[2].partition(":")[0] for line in found] == [
        "disks",
        "image projects/x/family/common-nvidia-470",
    ]


def test_a_token_must_be_there_and_closed(edited, home):
    token = home / ".ray" / "auth_token"
    token.chmod(0o644)
    (line,) = checks.problems(edited(AWS))
    assert line.endswith(f"chmod 600 {token}")
    token.unlink()
    (line,) = checks.problems(edited(AWS))
    assert "ray get-auth-token --generate" in line


def test_the_bill(edited):
    """Computed by hand: machines of the table, and disks at 0.08 USD per GiB and month of 730 hours."""
    cluster = edited(AWS, [(f"{KINDS}.gpu.min_workers", 1), ("max_workers", 5)])
    total = bill.make(cluster, prices.tables()["aws"])
    head, disk = 0.4032 + 200 * 0.08 / 730, 100 * 0.08 / 730
    assert total.idle_hour == pytest.approx(head + 1.3232 + disk)
    assert total.most_hour == pytest.approx(head + 2 * (4.6016 + disk) + 3 * (1.6128 + disk))
    assert total.stopped_month == pytest.approx(16) and total.unknown == ()


def test_machines_that_the_table_does_not_know(edited):
    cluster = edited(AWS, [(f"{KINDS}.gpu.node_config.InstanceType", "x9.huge")])
    table = prices.tables()["aws"]
    assert bill.make(cluster, table).unknown == ("gpu",)
    text = "\n".join(bill.lines(cluster, table))
    assert re.search(r"gpu +0 to 4 x x9.huge .* price unknown", text) and "USD an hour, without gpu" in text
    (note,) = checks.notes(cluster, datetime.date(2026, 6, 1))
    assert f"{KINDS}.gpu: x9.huge is not in the price table" in note


def test_old_prices_and_other_regions_are_reported(edited):
    cluster = edited(AWS, [("provider.region", "eu-central-1")])
    assert len(checks.notes(cluster, datetime.date(2026, 7, 1))) == 1
    assert len(checks.notes(cluster, datetime.date(2027, 7, 1))) == 2


HEAD = "provider: {type: aws}\nhead_node_type: a\navailable_node_types: "
WRONG_FILES = {
    "": "must be a mapping",
    "[]": "must be a mapping",
    "a: [": ":1: ",
    "\x00": "special characters",
    "provider: aws": "provider: must be a mapping",
    f"{HEAD}[]": "must be a mapping of names",
    f"{HEAD}{{a: 1}}": "available_node_types.a: must be",
    f"{HEAD}{{b: {{}}}}": "head_node_type=a: must be one of b",
    f"{HEAD}{{a: {{max_workers: -1}}}}": "a.max_workers=-1: must be",
    f"{HEAD}{{a: {{resources: {{GPU: 0.5}}}}}}": "GPU=0.5: must be",
    f"{HEAD}{{a: {{}}, b: {{node_config: 1}}}}": "b: node_config and resources must be mappings",
    f"{HEAD}{{a: {{node_config: {{InstanceMarketOptions: spot}}}}}}": "a.node_config: must have the same",
    f"{HEAD}{{a: {{node_config: {{disks: [1]}}}}}}": "a.node_config: must have the same form",
}


@pytest.mark.parametrize("text", WRONG_FILES)
def test_files_that_are_not_cluster_files(text, tmp_path, capsys):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    assert doctor.main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith(f"doctor: {path}") and WRONG_FILES[text] in said.err


def test_no_file(tmp_path, capsys):
    assert doctor.main([str(tmp_path / "none.yaml")]) == 2
    assert capsys.readouterr().err == f"doctor: {tmp_path / 'none.yaml'}: No such file or directory\n"
    assert doctor.main([str(tmp_path)]) == 2


@pytest.mark.parametrize(("name", "code"), [(FILES[0], 0), (FILES[1], 1), (FILES[2], 0)])
def test_as_a_program(name, code, project, home):
    command = [sys.executable, "-m", "alphazero", "doctor", name, "--offline"]
    variables = {**os.environ, "PYTHONPATH": str(project), "HOME": str(home)}
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True)
    assert done.returncode == code
    assert done.stdout.startswith(f"{name}: ") and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == code
    if name != FILES[2]:
        assert "without work: 0.4" in done.stdout and "USD a month" in done.stdout


def test_the_page_shows_the_table_of_the_program(project):
    page = (project / "docs" / "prices.md").read_text()
    rows = {
        tuple(cell.strip(" `") for cell in line.split("|")[1:-1])
        for line in page.splitlines()
        if "| `" in line
    }
    expected = set()
    for provider, table in prices.tables().items():
        assert (
            f"**{table.date}**" in page and table.region in page and f"{table.disk_gib_month:.2f} USD" in page
        )
        for name, machine in table.machines.items():
            gpus = f"{machine.gpus} {machine.gpu}" if machine.gpus else "-"
            expected.add((provider, name, str(machine.cpus), gpus, f"{machine.hour:.4f}"))
    assert rows == expected
