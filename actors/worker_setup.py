"""What each Ray worker process does first."""

import signal
from typing import Any

from alphazero.report import logs


def on_start(actor: type[Any]) -> type[Any]:
    """The class `actor`, made to call `set_up` in the process that it is put into.

    Ray's hook for this is part of its runtime environments, for which it starts a process anew instead of
    using one that it has ready: that took two seconds.
    """

    def make(self: Any, *arguments: Any) -> None:
        set_up()
        actor.__init__(self, *arguments)

    return type(actor.__name__, (actor,), {"__init__": make, "__doc__": actor.__doc__})


def set_up() -> None:
    """Sends INFO to the run's log file and warnings to the driver; Ray alone would drop INFO.

    Ctrl-C is the driver's business: it tells the actors to stop, so workers ignore it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.set_up_worker()
