"""The run's status on the terminal: a live table, or a plain line now and then where there is no terminal."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import rich.console
import rich.live
import rich.panel
import rich.table
import rich.text

from alphazero.report import status

PLAIN_INTERVAL_S = 10.0


class Panel:
    """Shows each status that it is given; use it in a `with` statement, which restores the terminal."""

    def __init__(
        self,
        title: str,
        console: rich.console.Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """title: what the table is headed with, such as the run's folder."""
        self._title = title
        self._console = console or rich.console.Console(soft_wrap=True)
        self._clock = clock
        self._shown: float | None = None
        self._preparing: str | None = None
        # What others print while the table is up appears above it.
        self._live = rich.live.Live(console=self._console, auto_refresh=False)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show(self, newest: status.Status, is_last: bool = False) -> None:
        """Redraws the table; without a terminal prints a line now and then.

        The last one is printed in any case, and before the first move each that tells of something new.
        """
        if self._console.is_terminal:
            self._live.update(self._table(newest), refresh=True)
            return
        now, preparing = self._clock(), newest.waiting_for if newest.first_move_s is None else None
        is_news = is_last or preparing != self._preparing
        if is_news or self._shown is None or now - self._shown >= PLAIN_INTERVAL_S:
            self._shown, self._preparing = now, preparing
            self._console.print(newest.line(), markup=False, highlight=False, soft_wrap=True)

    def _table(self, newest: status.Status) -> rich.panel.Panel:
        table = rich.table.Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for name, value in newest.rows():
            table.add_row(name, rich.text.Text(value))
        return rich.panel.Panel(table, title=self._title, expand=False)
