"""Runner of a competition: several games at once, with each result written to disk as its game ends."""

from collections.abc import Callable, Collection
from concurrent import futures

from alphazero.competition.control_files import settings
from alphazero.competition.play import game_runner, game_sgf, schedule, stopping, watchdog
from alphazero.competition.results import ledger, report

_POLL_INTERVAL_S = 0.1


class Halted(RuntimeError):
    """Too many void games in a row."""


def run(
    competition: settings.Competition,
    book: ledger.Ledger,
    *,
    jobs: int = 1,
    most_games: int | None = None,
    should_stop: Callable[[], stopping.Stop] = lambda: stopping.Stop.no,
    on_event: Callable[[str], object] = lambda line: None,
    factories: game_runner.Factories | None = None,
) -> None:
    """Plays the remaining games, `jobs` at once.

    most_games: largest number of counted games in this run.
    on_event: receives messages on progress, one line each.

    Raises ValueError before any game if a player cannot be started, Halted after void games, and
    KeyboardInterrupt if `should_stop` requested the end. No engine remains in any case.
    """
    with watchdog.Watchdog() as registry, futures.ThreadPoolExecutor(jobs) as threads:
        context = game_runner.RunContext(
            competition=competition,
            book=book,
            registry=registry,
            factories=factories or game_runner.Factories(),
        )
        work = _Run(context, threads, jobs, most_games, should_stop, on_event)
        try:
            work.run()
        except BaseException as error:
            book.note(f"run ends: {str(error) or 'interrupted'}")
            raise
        finally:
            context.live.abort()
            # Games that end now are aborted ones; after an error their results are dropped.
            threads.shutdown(cancel_futures=True)
        book.note("run ends")


class _Run:
    """The state of one call of `run`; only the calling thread uses it."""

    def __init__(
        self,
        context: game_runner.RunContext,
        threads: futures.Executor,
        jobs: int,
        most_games: int | None,
        should_stop: Callable[[], stopping.Stop],
        on_event: Callable[[str], object],
    ) -> None:
        self._context, self._threads, self._jobs = context, threads, jobs
        self._games_left = most_games
        self._should_stop, self._on_event = should_stop, on_event
        self._voids = schedule.VoidCount()
        self._halt = ""
        self._has_announced_wait = False
        self._under_way: dict[futures.Future[game_runner.FixtureResult], tuple[schedule.Fixture, int]] = {}

    def run(self) -> None:
        book = self._context.book
        book.note(f"run starts: {self._jobs} games at once, {len(book.contents.results)} counted so far")
        self._write_reports()
        if self._next_fixture() is not None:
            self._check_players()
        while self._start_games() or self._under_way:
            for future in self._wait(self._under_way):
                fixture, _ = self._under_way.pop(future)
                self._take(fixture, future.result())
        if self._halt:
            raise Halted(self._halt)
        if self._should_stop() and self._next_fixture() is not None:
            raise KeyboardInterrupt

    def _check_players(self) -> None:
        competition = self._context.competition
        if competition.skip_player_checks:
            return
        first_games: dict[str, settings.GameSettings] = {}
        for matchup in competition.matchups:
            for code in (matchup.player_1, matchup.player_2) if matchup.number_of_games != 0 else ():
                first_games.setdefault(code, matchup.game)
        waiting = {
            self._threads.submit(game_runner.check_startup, self._context, competition.players[code], game)
            for code, game in first_games.items()
        }
        while waiting:
            for future in self._wait(waiting):
                waiting.remove(future)
                try:
                    future.result()
                except ValueError as error:
                    self._raise_if_stopped()
                    raise error

    def _start_games(self) -> bool:
        """Starts games while there are free jobs; returns whether any was started."""
        num_before = len(self._under_way)
        while len(self._under_way) < self._jobs and not self._halt and not self._should_stop():
            fixture = self._next_fixture()
            if fixture is None:
                break
            slot = min(set(range(self._jobs)) - {slot for _, slot in self._under_way.values()})
            self._context.book.note(
                f"game {fixture.game_id} starts: {fixture.black} (b) vs {fixture.white} (w)"
            )
            shown_slot = slot if self._jobs > 1 else None
            future = self._threads.submit(game_runner.play, self._context, fixture, shown_slot)
            self._under_way[future] = fixture, slot
        return len(self._under_way) > num_before

    def _next_fixture(self) -> schedule.Fixture | None:
        if self._games_left is not None and len(self._under_way) >= self._games_left:
            return None
        playing = [(fixture.matchup.id, fixture.number) for fixture, _ in self._under_way.values()]
        return schedule.next_fixture(self._context.competition, self._context.book.contents.results, playing)

    def _wait(self, waiting: Collection[futures.Future]) -> set[futures.Future]:
        """Waits for and returns the futures that are done; polls `should_stop` meanwhile."""
        done: set[futures.Future] = set()
        while not done:
            stop = self._should_stop()
            if stop is stopping.Stop.at_once:
                self._context.live.abort()
            elif stop and not self._has_announced_wait:
                self._has_announced_wait = True
                self._on_event(f"{len(waiting)} in progress; a second interrupt aborts them")
            done, _ = futures.wait(waiting, _POLL_INTERVAL_S, futures.FIRST_COMPLETED)
        return done

    def _take(self, fixture: schedule.Fixture, played: game_runner.FixtureResult) -> None:
        if played.game is not None:
            self._take_game(played)
        elif self._should_stop() is stopping.Stop.at_once:
            self._context.book.note(f"game {fixture.game_id} was aborted")
        else:
            self._take_void(played)

    def _take_game(self, played: game_runner.FixtureResult) -> None:
        game, book = played.game, self._context.book
        assert game is not None
        book.add(game, played.sgf, played.descriptions)
        if self._games_left is not None:
            self._games_left -= 1
        self._voids.game_counts(game.matchup_id)
        self._write_reports()
        line = f"game {game.game_id}: {game_sgf.describe(game)}"
        book.note(line)
        total = self._context.competition.num_games
        self._on_event(f"{len(book.contents.results)}/{total or '?'} {line}")

    def _take_void(self, played: game_runner.FixtureResult) -> None:
        fixture, book = played.fixture, self._context.book
        book.add_void(fixture.game_id, played.reason, played.sgf, played.logs)
        line = f"game {fixture.game_id} is void: {played.reason}"
        book.note(line)
        self._on_event(line)
        if self._voids.game_is_void(fixture.matchup.id):
            in_a_row = schedule.MOST_VOIDS_IN_A_ROW
            self._halt = (
                f"halted: {in_a_row} games in a row of matchup {fixture.matchup.id} are void; "
                f"the last: {played.reason}"
            )

    def _write_reports(self) -> None:
        contents = self._context.book.contents
        facts = contents.competition, contents.results, contents.descriptions
        text, data = report.text(*facts, name=contents.name), report.as_json(*facts, name=contents.name)
        self._context.book.write_reports(text, data)

    def _raise_if_stopped(self) -> None:
        if self._should_stop() is stopping.Stop.at_once:
            raise KeyboardInterrupt
