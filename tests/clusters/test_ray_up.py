"""The real `ray up` over ssh on machines of our own: a run on two nodes, strangers at its ports, and its end.

The file is clusters/on_premises.yaml as it is shipped. The commands are those of docs/runbook.md, with the
settings of a small run. The machines are prepared: `uv`, which would download packages, is a stand-in that
notes what it is asked for, and nodes miss their head sooner than usual. The tests are steps of one story.
"""

import contextlib
import fnmatch
import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from concurrent import futures
from dataclasses import dataclass

import pytest

from alphazero.run_files import promotion
from alphazero.training import checkpoint
from tests import machines

FILE = "clusters/on_premises.yaml"
RUN = "~/runs/smoke"
COPY = f"{machines.HOME}/project"
"""Where the user has the project; a cluster's file may be edited there."""
ENDLESS = "stop.minutes=null stop.promotions=null"
SMOKE = f"conf=smoke selfplay.num_actors=0 {ENDLESS} gate.num_games=4 gate.threshold=0"
NUM_GAMES = 1000
JOIN_S, PLAY_S, END_S, CUT_S = 180, 240, 120, 8
pytestmark = [pytest.mark.ray, pytest.mark.timeout(600), machines.needed]


@dataclass
class Story:
    """The machines, and what one step leaves to the next."""

    network: machines.Network
    head: machines.Machine
    worker: machines.Machine
    second: machines.Machine
    """A worker that cannot be reached at first."""
    stranger: machines.Machine
    token: str = ""
    job: str = ""

    @property
    def user(self):
        return self.network.user

    def shell(self, command, **options):
        """Runs a line in a shell of the user's, in the project's folder."""
        return self.user.run(*in_shell(command), **options)

    def on_head(self, command, **options):
        return self.shell(f"ray exec {FILE} {shlex.quote(command)}", **options)

    def wait_for_run(self, is_so, what):
        """Waits for something that the job must do; where it does not, shows what it said."""
        try:
            machines.wait_until(is_so, what, PLAY_S)
        except AssertionError as error:
            said = self.on_head(f"ray job logs {self.job} --address http://127.0.0.1:8265", check=False)
            raise AssertionError(f"{error}\n{said.stdout[-4000:]}") from error

    @property
    def folder(self):
        return self.head.home / "runs" / "smoke"

    def status(self):
        try:
            return json.loads((self.folder / "status.json").read_text())
        except FileNotFoundError:
            return {"games": 0, "promotions": 0}


def in_shell(command):
    return ["bash", "-ec", f"cd {COPY}\n{written('export RAY_AUTH_MODE')}\n{command}"]


def written(beginning, **words):
    """The command of the runbook's cluster chapter that begins so, with `words` replaced."""
    chapter = (machines.PROJECT / "docs" / "runbook.md").read_text().partition("\n## Clusters")[2]
    (line,) = {
        re.sub("  +#.*", "", line)
        for line in re.findall("(?ms)^```\n(.*?)^```", chapter)
        for line in line.replace("\\\n", "").splitlines()
        if line.startswith(beginning)
    }
    for old, new in {"FILE": FILE, "conf=13x13": SMOKE, "~/runs/13x13": RUN, **words}.items():
        line = line.replace(old, new)
    return line


def prepare(machine):
    """Puts in place what would come from the internet."""
    (machine.home / ".venv").symlink_to(machines.VENV)
    uv = machine.home / ".local" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text('#!/bin/sh\necho "$@" >> ~/uv.log\n')
    uv.chmod(0o755)
    with (machine.home / ".bashrc").open("a") as file:
        # By itself a node waits for its head for a minute before it ends.
        file.write("export RAY_gcs_rpc_server_reconnect_timeout_s=20\n")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with machines.Network(tmp_path_factory.mktemp("cluster")) as network:
        user = network.user
        (user.home / ".ssh").mkdir()
        user.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{machines.HOME}/.ssh/alphazero")
        user.run("rsync", "-a", "--exclude=.git", "--exclude=/runs", "--filter=:- .gitignore", "./", COPY)
        names = {"head": 10, "worker": 11, "second": 12}
        hosts = {name: network.add(name, number) for name, number in names.items()}
        for machine in hosts.values():
            prepare(machine)
        file = user.home / "project" / FILE
        text = file.read_text()
        assert "worker_ips: [192.168.1.11]" in text
        file.write_text(text.replace("[192.168.1.11]", "[192.168.1.11, 192.168.1.12]"))
        for machine in (hosts["head"], hosts["worker"]):
            machine.serve_ssh((user.home / ".ssh" / "alphazero.pub").read_text())
        one = Story(network=network, **hosts, stranger=network.add("stranger", 66))
        one.shell(written("(umask 077"))
        one.token = (user.home / ".ray" / "auth_token").read_text().strip()
        one.shell(
            written("RAY_UP_enable_autoscaler_v2=0 ray up FILE", **{"ray up": "ray up -y"}), timeout_s=300
        )
        yield one


def test_doctor_finds_nothing_wrong(story):
    said = story.shell(written("alphazero doctor FILE")).stdout
    assert "clusters/on_premises.yaml" in said


def test_up(story):
    for machine in (story.head, story.worker):
        machines.wait_until(functools.partial(machine.runs, "raylet"), f"Ray on {machine.name}", JOIN_S)
        assert "-c /mnt/alphazero/constraints.txt -e /mnt/alphazero" in (machine.home / "uv.log").read_text()
        token = machine.home / ".ray" / "auth_token"
        assert token.read_text().strip() == story.token and token.stat().st_mode & 0o077 == 0
        assert not (machine.home / "alphazero" / ".venv").exists()
    machines.wait_until(lambda: "Active:\n 2 " in story.on_head("ray status").stdout, "two nodes", JOIN_S)


def test_a_mistake_is_one_line_on_the_head(story):
    done = story.on_head("cd ~/alphazero && python -m alphazero.run conf=9X9", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "conf=9X9" in line and "9x9" in line]
    assert len(lines) == 1


@contextlib.contextmanager
def open_tunnel(story, command, port):
    """Runs a command of the user's that makes a port of the head reachable while it runs."""
    # A terminal, which `ray attach` needs.
    words = ["script", "-qefc", shlex.join(in_shell(command)), "/dev/null"]
    tunnel = subprocess.Popen(
        story.user.command(words),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        machines.wait_until(
            lambda: port in [socket.port for socket in story.user.sockets()], f"a tunnel to {port}", 60
        )
        yield
    finally:
        os.killpg(tunnel.pid, signal.SIGKILL)
        tunnel.communicate()
        for pid in story.user.pids(f"{port}:localhost:{port}"):
            story.user.run("kill", str(pid), check=False)


def test_a_job_through_the_tunnel_plays_on_the_worker(story):
    with open_tunnel(story, written("ray dashboard FILE"), 8265):
        done = story.shell(written("ray job submit"))
    found = re.search(r"raysubmit_\w+", done.stdout)
    assert found
    story.job = found[0]
    story.wait_for_run(lambda: story.worker.runs("SelfPlayActor"), "self-play on the worker")
    story.wait_for_run(lambda: story.status()["promotions"] >= 1, "a promotion")
    games = story.status()["games"]
    assert games > 0 and not (story.worker.home / "runs").exists()
    assert not (story.head.home / "alphazero" / "runs").exists(), "a run lies in the mounted folder"
    plan = (story.folder / "log.txt").read_text()
    assert "192.168.1.10" in plan


def test_tensorboard_through_its_tunnel(story):
    with open_tunnel(story, written("ray attach -p 6006 FILE"), 6006):
        page = story.user.run("curl", "--fail", "--silent", "http://127.0.0.1:6006/data/runs").stdout
    assert json.loads(page) == ["smoke/events/loop"]


def test_a_second_worker_is_installed_beside_a_thousand_games(story):
    story.wait_for_run(lambda: story.status()["games"] >= NUM_GAMES, f"{NUM_GAMES} games")
    before, drivers = story.status(), story.head.pids(f"{SMOKE} run.dir")
    story.second.serve_ssh((story.user.home / ".ssh" / "alphazero.pub").read_text())
    story.wait_for_run(lambda: story.second.runs("SelfPlayActor"), "self-play on the second worker")
    joined = story.status()
    assert joined["games"] > before["games"] and joined["step"] > before["step"]
    assert story.head.pids(f"{SMOKE} run.dir") == drivers != [], "the run was started again"
    story.wait_for_run(lambda: story.status()["games"] >= joined["games"] + 100, "games of all three")


def known_ports():
    """The rows of docs/security.md: pattern of the process's name, ports (empty: any), where they answer."""
    table = (machines.PROJECT / "docs" / "security.md").read_text().partition("## Ports")[2]
    rows = [line.split("|")[1:4] for line in table.splitlines() if line.startswith("| `")]
    return [
        (
            process.strip().strip("`"),
            {int(port) for port in re.findall(r"\d+", ports)},
            set(places.strip().split(", ")),
        )
        for process, ports, places in rows
    ]


def test_only_known_ports_are_open(story):
    """While a run is under way; and what the page tells of is there."""
    assert story.job
    rows, met = known_ports(), set()

    def look():
        met.update(number for machine in (story.head, story.worker) for number in rows_met(machine, rows))
        return met == set(range(len(rows)))

    try:
        machines.wait_until(look, "all ports of the page", 60)
    except AssertionError as error:
        raise AssertionError([row for number, row in enumerate(rows) if number not in met]) from error


def rows_met(machine, rows):
    """Which rows the ports of a machine belong to; fails where one belongs to none."""
    names = {"*": "everywhere", machine.address: "node", "127.0.0.1": "loopback"}
    for socket in machine.sockets():
        fitting = [
            number
            for number, (process, ports, places) in enumerate(rows)
            if fnmatch.fnmatch(socket.process, process)
            and (not ports or socket.port in ports)
            and names[socket.host] in places
        ]
        assert fitting, f"{machine.name}: {socket} is not in docs/security.md"
        yield from fitting


HEAD_WAYS = {"status", "client", "agent", "driver", "submit", "jobs", "nodes", "actors", "logs"}
OTHER_WAYS = {"status", "agent"}


def knock(story, machine, **variables):
    """What each way into the cluster answers to somebody on `machine` whose home holds no token."""
    place = "head" if machine is story.head else "elsewhere"
    folder = f"{machines.HOME}/knocks/{len(variables)}"
    command = ["bash", "tests/clusters/strangers.sh", story.head.address, sys.executable, folder, place]
    done = machine.run(*command, variables={"HOME": "/tmp/ray", **variables}, timeout_s=240)
    print(done.stderr)  # pytest shows it with a failure
    return dict(line.split(": ") for line in done.stdout.splitlines())


def test_strangers_stay_outside(story):
    """Clients without the token, on the cluster's head and on another machine of its network."""
    with futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(functools.partial(knock, story), (story.head, story.stranger)))
    assert answers[0] == dict.fromkeys(HEAD_WAYS, "refused")
    assert answers[1] == dict.fromkeys(OTHER_WAYS | {"client", "node"}, "refused")


def test_a_wrong_token_is_none(story):
    answers = knock(story, story.stranger, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64, WRONG="yes")
    assert answers == dict.fromkeys(OTHER_WAYS | {"client", "node"}, "refused")


def test_who_has_the_token_comes_in(story):
    """The same ways as above lead somewhere."""
    key = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": story.token}
    with futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda one: knock(story, one, **key), (story.head, story.stranger)))
    assert answers[0] == dict.fromkeys(HEAD_WAYS, "in")
    assert answers[1] == dict.fromkeys(OTHER_WAYS, "in")


def test_a_cable_that_was_out_for_a_while_stops_nothing(story):
    """The worker stays a node, and the same actor goes on: its games count again."""
    assert story.job
    players = story.worker.pids("SelfPlayActor")
    story.network.unplug(story.worker)
    time.sleep(CUT_S)
    before = story.status()["games"]
    story.network.plug(story.worker)
    story.wait_for_run(lambda: story.status()["games"] > before, "games after the cable was mended")
    assert story.worker.pids("SelfPlayActor") == players
    assert "died" not in (story.folder / "log.txt").read_text()


def test_promoted_networks_are_pulled(story):
    story.shell(written("alphazero pull cluster:"))
    nets = promotion.Promotions(story.user.home / "project" / "nets")
    latest = nets.latest()
    assert latest is not None
    latest.load()


def test_the_token_is_written_nowhere(story):
    """But in ~/.ray/auth_token: not in logs, settings, Ray's session or the command lines of processes."""
    search = ["grep", "-rlF", "--exclude-dir=.venv", "--exclude-dir=.cache", story.token]
    for machine in (story.user, story.head, story.worker, story.second):
        found = machine.run(*search, machines.HOME, "/tmp/ray", check=False).stdout.split()
        assert found == [f"{machines.HOME}/.ray/auth_token"]
        assert not machine.runs(story.token)


def test_a_job_that_is_stopped_saves(story):
    assert story.job
    with open_tunnel(story, written("ray dashboard FILE"), 8265):
        story.shell(written("ray job stop", JOB=story.job), timeout_s=120)
    said = story.on_head(f"ray job logs {story.job} --address http://127.0.0.1:8265").stdout
    assert "interrupted; run the same command again" in said
    assert checkpoint.newest_step(story.folder / "checkpoints") >= story.status()["step"] > 0


@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
def test_the_run_goes_on_in_a_terminal_that_stays(story):
    before = story.status()["step"]
    story.shell(written("ray exec FILE --tmux"))
    machines.wait_until(lambda: story.status()["step"] > before, "another step", PLAY_S)
    story.shell(written('ray exec FILE "pkill'))
    machines.wait_until(lambda: not story.head.runs(f"{SMOKE} run.dir"), "the run to save", END_S)
    assert checkpoint.newest_step(story.folder / "checkpoints") > before


def test_down_leaves_nothing(story):
    story.shell(written("ray down FILE", **{"ray down": "ray down -y"}), timeout_s=120)
    for machine in (story.head, story.worker, story.second, story.user):
        # Ray 2.60 stops the head alone; the others notice by themselves that it is gone.
        try:
            machines.wait_until(machine.is_idle, f"{machine.name} to be empty", END_S)
        except AssertionError as error:
            raise AssertionError(f"{error}: {machine.processes()}") from error
