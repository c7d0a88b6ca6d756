"""Display of the run's status: a live table on a terminal, plain lines at intervals elsewhere."""

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
    """Shows the newest status. Use it in a `with` statement, which restores the terminal."""

    def __init__(
        self,
        title: str,
        console: rich.console.Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """title: heading of the table, such as the run's folder."""
        self._title = title
        self._console = console or rich.console.Console(soft_wrap=True)
        self._clock = clock
        self._shown: float | None = None
        self._preparing: str | None = None
        # Output of other code appears above the table while it is shown.
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
        """Redraws the table. Without a terminal, prints a line every PLAIN_INTERVAL_S.

        The last status is always printed. Before the first move, a new `waiting_for` is printed at once.
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
