"""Jobs that receive signals, in a separate process because the test runner handles signals itself."""

import multiprocessing
import os
import signal
import sys
import threading

from alphazero.supervised import rank_processes


def wait_for_stop(number, address, stop):
    """Waits for `stop`. Rank 0 sends the signal that Ctrl-C or an operating system would send."""
    if number == 0:
        os.kill(os.getppid(), getattr(signal, os.environ["SIGNAL"]))
    assert stop.wait(60)


def tell_ranks():
    """Two ranks wait for a signal that the first one sends. They must end by themselves."""
    stop = multiprocessing.get_context("spawn").Event()
    with rank_processes.stop_on_signals(stop):
        rank_processes.run(wait_for_stop, 2, (), stop)
    assert stop.is_set()


def signal_twice():
    """The first signal sets `stop`, the second interrupts. Afterwards the earlier handlers are restored."""
    # Background jobs of a shell ignore SIGINT, and so do their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stop, was_interrupted = threading.Event(), False
    with rank_processes.stop_on_signals(stop):
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            was_interrupted = True
    assert was_interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


if __name__ == "__main__":
    {"ranks": tell_ranks, "twice": signal_twice}[sys.argv[1]]()
