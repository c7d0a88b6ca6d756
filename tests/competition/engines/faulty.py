"""A GTP engine that passes, with a chosen fault: faulty.py FAULT [ARGUMENT ...]."""

import os
import signal
import sys
import time

FOREVER = 1000
fault, *arguments = [*sys.argv[1:], "none"]
replies = iter(arguments[:-1])
num_moves = 0


def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def leave_child(is_escaping):
    """Forks a process that ignores everything but SIGKILL and keeps the engine's pipes open."""
    if os.fork():
        return
    if is_escaping:
        os.setsid()
    for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    time.sleep(FOREVER)
    os._exit(0)


def write_stderr_for_ever():
    import threading

    def write():
        while True:
            sys.stderr.write("x" * 1023 + "\n")

    threading.Thread(target=write, daemon=True).start()


def genmove():
    """The mark (= or ?) and text of the answer."""
    global num_moves
    num_moves += 1
    if fault == "hang":
        time.sleep(FOREVER)
    if fault == "crash" and num_moves == 2:
        sys.exit("out of luck")
    if fault == "occupied":
        return "=", "A1"
    if fault == "garbage":
        return "=", "fish and chips"
    if fault == "refuse":
        return "?", "not in the mood"
    if fault == "play":
        return "=", next(replies, "pass")
    return "=", "pass"


def answer(command):
    if command[0] == "genmove":
        return genmove()
    if command[0] == "play" and fault in ("reject", "refuse-play"):
        return "?", "illegal move" if fault == "reject" else "who are you?"
    if command[0] == "boardsize" and fault == "refuse-size":
        return "?", "unacceptable size"
    if command[0] == "protocol_version":
        return "=", "1" if fault == "version" else "2"
    if command[0] == "final_score":
        if fault == "hang-at-score":
            time.sleep(FOREVER)
        return "=", "B+1"
    if command[0] == "known_command":
        return "=", "true" if command[1] == "final_score" else "false"
    return "=", ""


if fault == "die-at-start":
    sys.exit("there is no such network")
if fault == "slow-start":
    time.sleep(0.5)
if fault == "stderr":
    write_stderr_for_ever()
if fault in ("child", "escaped-child"):
    leave_child(fault == "escaped-child")
if fault == "stubborn":
    for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
if fault == "mute":
    time.sleep(FOREVER)

for line in sys.stdin:
    if line.split() == ["quit"]:
        if fault == "stubborn":
            continue
        break
    number, *command = line.split()
    mark, text = answer(command)
    if fault == "noise":
        say("loading ...\n\n= D4\n\n=== 50 % ===\n\n? what\n")
    say(f"{mark}{number} {text}\n\n")
    if fault == "twice":
        say(f"{mark}{number} {text}\n\n")
    if fault == "noise":
        say("\n\nWinrate 49 %\n\n")
if fault == "stubborn":
    time.sleep(FOREVER)
os._exit(0)
