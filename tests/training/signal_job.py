"""A process of its own that is sent signals: the one that runs the tests has other uses for them."""

import multiprocessing
import os
import signal
import sys
import threading

from alphazero.training import processes


def wait_for_stop(number, address, stop):
    """Rank 0 sends the signal that Ctrl-C or an operating system would."""
    if number == 0:
        os.kill(os.getppid(), getattr(signal, os.environ["SIGNAL"]))
    assert stop.wait(60)


def tell_ranks():
    """Two ranks wait for a signal that the first of them sends; they must end by themselves."""
    stop = multiprocessing.get_context("spawn").Event()
    with processes.told_by_signals(stop):
        processes.run(wait_for_stop, 2, (), stop)
    assert stop.is_set()


def signal_twice():
    """The first signal asks to stop, the second interrupts; afterwards signals mean what they did before."""
    # A shell's jobs in the background ignore it, and so do their children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stop, was_interrupted = threading.Event(), False
    with processes.told_by_signals(stop):
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
