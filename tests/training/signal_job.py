"""A process of its own with two ranks, which wait for a signal that the first of them sends."""

import multiprocessing
import os
import signal
import sys

from alphazero.training import processes


def wait_for_stop(number, address, stop):
    """Rank 0 sends the signal that Ctrl-C or an operating system would."""
    if number == 0:
        os.kill(os.getppid(), getattr(signal, os.environ["SIGNAL"]))
    assert stop.wait(60)


def main():
    """Exit code 0 if the ranks ended by themselves."""
    stop = multiprocessing.get_context("spawn").Event()
    with processes.told_by_signals(stop):
        processes.run(wait_for_stop, 2, (), stop)
    return 0 if stop.is_set() else 1


if __name__ == "__main__":
    sys.exit(main())
