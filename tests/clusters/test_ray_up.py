"""The real `ray up` over ssh on machines of our own: a run on two nodes, strangers at its doors, and its end.

The file is clusters/on_premises.yaml as it is shipped. The machines are prepared: `uv`, which would download
packages, is a stand-in that notes what it is asked for, and nodes miss their head sooner than usual. The
tests are steps of one story, in their order.
"""

import fnmatch
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent import futures
from dataclasses import dataclass

import pytest

from alphazero.evaluation import promotion
from alphazero.training import checkpoint
from tests import machines

FILE = "clusters/on_premises.yaml"
RUN = "~/runs/smoke"
JOIN_S, PLAY_S, END_S, CUT_S = 180, 240, 120, 8
pytestmark = [pytest.mark.ray, pytest.mark.timeout(600), machines.needed]


@dataclass
class Story:
    """The machines, and what one step leaves to the next."""

    network: machines.Network
    head: machines.Machine
    worker: machines.Machine
    stranger: machines.Machine
    token: str = ""
    job: str = ""

    @property
    def user(self):
        return self.network.user

    def ray(self, *words, **options):
        """A command of the user's, as the runbook has it."""
        variables = {"RAY_AUTH_MODE": "token", "RAY_UP_enable_autoscaler_v2": "0"}
        return self.user.run("ray", *words, variables=variables, **options)

    def on_head(self, command, **options):
        return self.ray("exec", FILE, command, **options)

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


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    with machines.Network(tmp_path_factory.mktemp("cluster")) as network:
        head, worker = network.add("head", 10), network.add("worker", 11)
        stranger = network.add("stranger", 66)
        (network.user.home / ".ssh").mkdir()
        key = f"{machines.HOME}/.ssh/alphazero"
        network.user.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        for machine in (head, worker):
            machine.serve_ssh((network.user.home / ".ssh" / "alphazero.pub").read_text())
            (machine.home / ".venv").symlink_to(machines.VENV)
            uv = machine.home / ".local" / "bin" / "uv"
            uv.parent.mkdir(parents=True)
            uv.write_text('#!/bin/sh\necho "$@" >> ~/uv.log\n')
            uv.chmod(0o755)
            with (machine.home / ".bashrc").open("a") as file:
                # By itself a node waits for its head for a minute before it ends.
                file.write("export RAY_gcs_rpc_server_reconnect_timeout_s=20\n")
        one = Story(network, head, worker, stranger)
        one.user.run("bash", "-c", "umask 077; ray get-auth-token --generate")
        one.token = (one.user.home / ".ray" / "auth_token").read_text().strip()
        one.ray("up", "-y", FILE, timeout_s=300)
        yield one


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


def test_a_job_through_the_tunnel_plays_on_the_worker(story):
    tunnel = subprocess.Popen(
        story.user.command(["ray", "dashboard", FILE], variables={"RAY_AUTH_MODE": "token"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        machines.wait_until(
            lambda: 8265 in [socket.port for socket in story.user.sockets()], "the tunnel", 60
        )
        words = "conf=smoke stop.minutes=null stop.promotions=null gate.num_games=4 gate.threshold=0"
        # The folder makes it the code that was copied, which elsewhere is what uv has installed.
        command = f"cd ~/alphazero && ~/.venv/bin/python -m alphazero.run {words} run.dir={RUN}"
        submit = ["job", "submit", "--no-wait", "--address", "http://127.0.0.1:8265", "--"]
        done = story.ray(*submit, "bash", "-c", command)
    finally:
        os.killpg(tunnel.pid, signal.SIGINT)  # as Ctrl-C does, to ssh as well
        tunnel.wait()
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
    source = f"cluster:{FILE}:{RUN}"
    variables = {"RAY_AUTH_MODE": "token"}
    command = [sys.executable, "-m", "alphazero.pull", source, f"{machines.HOME}/nets", "--latest"]
    story.user.run(*command, variables=variables)
    nets = promotion.Promotions(story.user.home / "nets")
    latest = nets.latest()
    assert latest is not None
    latest.load()


def test_the_token_is_written_nowhere(story):
    """But in ~/.ray/auth_token: not in logs, settings, Ray's session or the command lines of processes."""
    search = ["grep", "-rlF", "--exclude-dir=.venv", "--exclude-dir=.cache", story.token]
    for machine in (story.user, story.head, story.worker):
        found = machine.run(*search, machines.HOME, "/tmp/ray", check=False).stdout.split()
        assert found == [f"{machines.HOME}/.ray/auth_token"]
        assert not machine.runs(story.token)


def test_a_job_that_is_stopped_saves(story):
    assert story.job
    story.on_head(f"ray job stop --address http://127.0.0.1:8265 {story.job}", timeout_s=120)
    said = story.on_head(f"ray job logs {story.job} --address http://127.0.0.1:8265").stdout
    assert "interrupted; the same command goes on from here" in said
    assert checkpoint.newest_step(story.folder / "checkpoints") >= story.status()["step"] > 0


def test_down_leaves_nothing(story):
    story.ray("down", "-y", FILE, timeout_s=120)
    for machine in (story.head, story.worker, story.user):
        # Ray 2.60 stops the head alone; the others notice by themselves that it is gone.
        try:
            machines.wait_until(machine.is_idle, f"{machine.name} to be empty", END_S)
        except AssertionError as error:
            raise AssertionError(f"{error}: {machine.processes()}") from error
