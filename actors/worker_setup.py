"""What each Ray worker process does first."""

import signal

from alphazero.report import logs


def set_up() -> None:
    """Sends INFO to the run's log file and warnings to the driver; Ray alone would drop INFO.

    Ctrl-C is the driver's business: it tells the actors to stop, so workers ignore it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.set_up_worker()
