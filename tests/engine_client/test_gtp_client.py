"""The client with small engines, correct and faulty, each a real process."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from alphazero.engine_client import engine_process, gtp_client

HEAD = """
import os, signal, subprocess, sys, time
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
def lines():
    for line in iter(sys.stdin.readline, ""):
        number, _, command = line.strip().partition(" ")
        if line.strip() == "quit":
            sys.exit()
        yield number, command
"""
ECHO = HEAD + 'for number, command in lines(): say(f"={number} {command}\\n\\n")'


def start(program, **options):
    # Without site-packages a Python starts in 20 ms.
    return gtp_client.GtpClient([sys.executable, "-I", "-S", "-c", program], **options)


def is_running(process_id):
    """Whether the process exists. A zombie exists."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def assert_gone(client):
    assert not is_running(client.process_id)
    with pytest.raises(gtp_client.EngineLost):
        client.send("name")


def test_answers_come_back_without_their_frame():
    with start(ECHO) as client:
        assert client.send("play b D4") == "play b D4"
        assert client.send("name") == "name"
    assert_gone(client)


def test_a_multi_line_answer_with_carriage_returns_and_noise():
    program = HEAD + (
        "for number, command in lines():\n"
        '    say("noise\\n\\n= other noise\\n\\n")\n'
        '    say(f"={number} first\\r\\n  second\\r\\n\\r\\n")'
    )
    with start(program) as client:
        assert client.send("showboard") == "first\n  second"
        assert client.send("showboard") == "first\n  second"


def test_an_answer_may_arrive_in_pieces():
    program = HEAD + (
        "for number, command in lines():\n"
        '    for letter in f"={number} a\\nb\\n\\n": say(letter); time.sleep(0.002)'
    )
    with start(program) as client:
        assert client.send("x") == "a\nb"


def test_a_refusal_is_not_a_loss():
    with start(HEAD + 'for number, command in lines(): say(f"?{number} illegal move\\n\\n")') as client:
        with pytest.raises(gtp_client.CommandRefused, match="illegal move"):
            client.send("play b A1")
        with pytest.raises(gtp_client.CommandRefused, match="illegal move"):
            client.send("play b A1")


def test_two_engines_think_at_once():
    slow = HEAD + 'for number, command in lines(): time.sleep(0.3); say(f"={number} {command}\\n\\n")'
    with start(slow) as first, start(slow) as second:
        began = time.monotonic()
        first.start("a")
        second.start("b")
        assert (first.finish(), second.finish()) == ("a", "b")
        assert time.monotonic() - began < 0.55


def test_a_hang_is_ended_with_the_engine_and_its_children():
    program = HEAD + (
        'child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(100)"])\n'
        "for number, command in lines():\n"
        '    if command == "child": say(f"={number} {child.pid}\\n\\n")\n'
        "    else: time.sleep(100)"
    )
    client = start(program)
    child = int(client.send("child"))
    with pytest.raises(gtp_client.EngineLost, match=r"no answer to 'genmove b' within 0\.2 s"):
        client.send("genmove b", time_limit_s=0.2)
    assert_gone(client)
    assert_ends(child)
    client.close()


def assert_ends(process_id):
    """Waits for the end of a killed engine's child, which another process reaps."""
    for _ in range(100):
        if not is_running(process_id) or is_zombie(process_id):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {process_id} is still there")


def is_zombie(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_close_kills_an_engine_that_ignores_quit_and_its_children():
    program = HEAD + (
        'child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(100)"])\n'
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'for line in iter(sys.stdin.readline, ""):\n'
        '    if line.strip() != "quit": say(f"={line.split()[0]} {child.pid}\\n\\n")\n'
        "time.sleep(100)"
    )
    client = start(program)
    child = int(client.send("child"))
    client.close(grace_s=0.1)
    assert_gone(client)
    assert_ends(child)


def test_close_lets_a_good_engine_leave_by_itself(tmp_path):
    farewell = tmp_path / "farewell"
    program = HEAD + f"for _ in lines(): pass\nopen({str(farewell)!r}, 'w').close()"
    program = program.replace("sys.exit()", "break")
    client = start(program)
    client.close(grace_s=5.0)
    client.close()
    assert farewell.exists()
    assert_gone(client)


DEATHS = [
    ("sys.exit(3)", "ended with exit code 3 at 'name'"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by signal SIGSEGV at 'name'"),
    (
        'sys.stderr.write("weights\\nare missing\\n"); sys.exit(1)',
        r"exit code 1 at 'name' \(stderr: are missing\)",
    ),
    ('say("=77 x\\n\\n")', "answered =77 to 'name', which had the id 1"),
    ('say("x" * 5_000_000)', "answers 'name' without end"),
]


@pytest.mark.parametrize(("deed", "reason"), DEATHS)
def test_a_broken_engine_is_named_and_removed(deed, reason):
    client = start(HEAD + f"for number, command in lines():\n    {deed}")
    with pytest.raises(gtp_client.EngineLost, match=reason):
        client.send("name")
    assert_gone(client)


def test_an_engine_that_is_gone_before_the_first_command():
    client = start("import sys; sys.exit('no GPU here')")
    client._process.wait_for_exit(5.0)
    with pytest.raises(gtp_client.EngineLost, match=r"exit code 1 at 'name' \(stderr: no GPU here"):
        client.send("name")
    assert_gone(client)


def test_an_engine_that_does_not_exist():
    with pytest.raises(gtp_client.EngineLost, match="no-such-engine: cannot be started"):
        gtp_client.GtpClient(["no-such-engine", "--gtp"])


def test_no_shell_reads_the_command():
    program = HEAD + 'for number, _ in lines(): say(f"={number} {sys.argv[1]}\\n\\n")'
    command = [sys.executable, "-I", "-S", "-c", program, "$(id); *"]
    with gtp_client.GtpClient(command) as client:
        assert client.send("name") == "$(id); *"


def test_much_stderr_does_not_block_the_engine():
    program = HEAD + (
        "for number, command in lines():\n"
        '    sys.stderr.write("thinking " * 100_000 + "done"); sys.stderr.flush()\n'
        '    say(f"={number} D4\\n\\n")'
    )
    with start(program) as client:
        assert client.send("genmove b", time_limit_s=10) == "D4"
        assert len(client.last_stderr) <= engine_process.MOST_STDERR_BYTES


def test_interrupts_of_ours_do_not_reach_the_engine():
    with start(ECHO) as client:
        assert os.getpgid(client.process_id) == client.process_id != os.getpgid(0)
        assert os.getsid(client.process_id) != os.getsid(0)


def test_environment_and_folder(tmp_path):
    program = HEAD + "for number, _ in lines(): say(f\"={number} {os.getcwd()} {os.environ['GAME']}\\n\\n\")"
    with start(program, cwd=tmp_path, environment={"GAME": "7"}) as client:
        assert client.send("x") == f"{tmp_path} 7"


def test_killed_by_another_process():
    with start(ECHO) as client:
        client.send("name")
        os.kill(client.process_id, signal.SIGKILL)
        with pytest.raises(gtp_client.EngineLost, match="by signal SIGKILL"):
            client.send("name")
    assert_gone(client)


def test_an_answer_that_comes_twice_does_not_answer_the_next_command():
    program = HEAD + 'for number, command in lines(): say(f"={number} {command}\\n\\n" * 2)'
    client = start(program)
    assert client.send("one") == "one"
    with pytest.raises(gtp_client.EngineLost, match="answered =1 to 'two', which had the id 2"):
        client.send("two")
    assert_gone(client)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_noise_does_not_stop_the_clock(stream):
    client = start(HEAD + f"while True: sys.{stream}.write('x' * 99 + '\\n')")
    began = time.monotonic()
    with pytest.raises(gtp_client.EngineLate, match=r"no answer to 'name' within 0\.2 s"):
        client.send("name", time_limit_s=0.2)
    assert time.monotonic() - began < 2
    assert_gone(client)


def test_noise_between_answers_does_not_fill_the_pipe():
    program = HEAD + (
        "for number, command in lines():\n"
        '    say(f"={number} {command}\\n\\n")\n'
        "    sys.stderr.write('thinking ' * 100_000); say('pondering\\n' * 100_000)"
    )
    with start(program) as client:
        assert [client.send(name) for name in "abc"] == ["a", "b", "c"]


def test_commands_answers_and_noise_are_logged():
    program = HEAD + (
        "for number, command in lines():\n"
        '    say("hello\\n")\n'
        '    say(f"={number} first\\nsecond\\n\\n" if command == "name" else f"?{number} no\\n\\n")'
    )
    log = []
    with start(program, log=log.append) as client:
        client.send("name")
        with pytest.raises(gtp_client.CommandRefused):
            client.send("genmove b")
    assert log == ["> name", "! hello", "< = first\nsecond", "> genmove b", "! hello", "< ? no", "> quit"]


def test_the_log_says_why_an_engine_was_lost():
    log = []
    client = start(HEAD + "for number, command in lines(): sys.exit('alas')", log=log.append)
    with pytest.raises(gtp_client.EngineLost) as lost:
        client.send("name")
    assert lost.value.reason == "ended with exit code 1 at 'name' (stderr: alas)"
    assert log == ["> name", f"! {lost.value.reason}"]


def test_stderr_goes_to_its_destination(capfd):
    program = HEAD + (
        "for number, command in lines():\n"
        '    sys.stderr.write(command); sys.stderr.flush(); say(f"={number}\\n\\n")\n'
    ).replace("sys.exit()", "break")
    taken = []
    for stderr in (taken.append, subprocess.DEVNULL, None):
        with start(program, stderr=stderr) as client:
            client.send("name")
    assert b"".join(taken) == b"name"
    assert capfd.readouterr().err == "name"


def test_the_last_stderr_output_is_received():
    program = HEAD + 'for number, _ in lines(): pass\nsys.stderr.write("farewell " * 50_000)'
    taken = []
    with start(program.replace("sys.exit()", "break"), stderr=taken.append):
        pass
    assert len(b"".join(taken)) == 450_000


def test_cpu_time_includes_children():
    busy = "import time; end = time.process_time() + 0.1\nwhile time.process_time() < end: pass"
    program = HEAD + (
        "for number, _ in lines():\n"
        f"    subprocess.run([sys.executable, '-I', '-S', '-c', {busy!r}])\n"
        '    say(f"={number}\\n\\n")\n'
    )
    client = start(program)
    client.send("genmove b")
    assert client.cpu_s is None
    client.close()
    assert client.cpu_s is not None
    assert 0.1 < client.cpu_s < 1


def test_killing_from_another_thread_ends_the_wait():
    client = start(HEAD + "time.sleep(100)")
    killer = threading.Timer(0.1, client.kill)
    killer.start()
    with pytest.raises(gtp_client.EngineLost, match="by signal SIGKILL at 'name'"):
        client.send("name", time_limit_s=20)
    killer.join()
    client.close()
    client.kill()
    assert_gone(client)


def test_the_registry_receives_the_group_while_its_id_is_in_use():
    calls = []

    class Registry:
        def add(self, group):
            calls.append(("add", group))

        def remove(self, group):
            calls.append(("remove", group))
            assert is_running(group)

    with start(ECHO, registry=Registry()) as client:
        client.send("name")
    client.close()
    assert calls == [("add", client.process_id), ("remove", client.process_id)]


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(gtp_client.EngineLost, match=f"cannot be started in {tmp_path}/none"):
        start(ECHO, cwd=str(tmp_path / "none"))


def test_later_calls_remember_how_the_engine_was_lost():
    client = start(HEAD + "time.sleep(100)")
    for _ in range(2):
        with pytest.raises(gtp_client.EngineLate, match="no answer to 'name'"):
            client.send("name", time_limit_s=0.05)
    client.close()
