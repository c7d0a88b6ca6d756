"""Verified copies of promoted networks: a file counts only after its sha256 was computed here."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from alphazero import files, run_paths
from alphazero.run_files import promotion
from alphazero.storage import layout, partial, stores

_ATTEMPTS = 3
_FIRST_PAUSE_S = 0.5
Say = Callable[[str], None]


class DamagedError(ValueError):
    """A file of a source does not match its certificate; the text is one line."""


class Puller:
    """Copies promoted networks from a source into a folder.

    A network's file comes first, then its certificate, then latest.json. Each is written completely or not at
    all. Several processes may copy into one folder, and each may copy repeatedly.
    """

    def __init__(
        self,
        source: stores.Store,
        dest: Path,
        *,
        latest_only: bool = False,
        say: Say = print,
        complain: Say = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """latest_only: only the newest network. say: prints a line per network. complain: one per error."""
        self._source = source
        self._dest = dest
        self._latest_only = latest_only
        self._say = say
        self._report_failure = complain
        self._sleep = sleep
        self._done: set[str] = set()
        self._named: set[str] = set()

    def find_certificates(self) -> list[str]:
        """Names of the source's certificates to copy, oldest first. Raises StoreError."""
        for folder in (run_paths.PROMOTED, "promoted", ""):
            found = layout.certificates(self._source.sizes(folder, deep=False), folder)
            if found:
                return found[-1:] if self._latest_only else found
        return []

    def copy(self, certificates: list[str]) -> bool:
        """Copies the missing ones into the folder; returns whether all are there now and valid.

        A damaged network is reported once, and the others are still copied. Raises StoreError if the source
        is out of reach and OSError if the folder cannot be written.
        """
        fresh = [name for name in certificates if name not in self._done]
        if self._dest.is_dir():
            partial.clean(self._dest)
        for name in fresh:
            self._try_to_copy(name)
        if self._done.intersection(fresh):
            promotion.Promotions(self._dest).latest()  # repairs a lost latest.json
        return self._done.issuperset(certificates)

    def _try_to_copy(self, name: str) -> None:
        try:
            self._copy(name)
        except (ValueError, stores.MissingError) as error:
            if str(error) not in self._named:
                self._named.add(str(error))
                self._report_failure(str(error))
        else:
            self._done.add(name)

    def _copy(self, name: str) -> None:
        """Copies a network's file and then its certificate, unless both are there and valid."""
        where = f"{self._source.name}/{name}"
        content = self._source.read(name)
        file_name = name.rpartition("/")[2]
        certificate = promotion.parse_certificate(file_name, content, where)
        target, here = self._dest / certificate["file"], self._dest / file_name
        is_there = target.is_file() and files.sha256_of(target) == certificate["sha256"]
        is_certified = here.is_file() and here.read_bytes() == content
        if not is_there:
            fetch(
                self._source,
                name.removesuffix(file_name) + certificate["file"],
                target,
                certificate["sha256"],
                file_name,
                sleep=self._sleep,
            )
        if not is_certified:
            with partial.new_file(here) as file:
                file.write(content)
        if not (is_there and is_certified):
            promotion.Promotions(self._dest).latest()  # points latest.json at the newest network
        self._say(f"{target}{' is there already' if is_there and is_certified else ''}")


def fetch(
    source: stores.Store,
    name: str,
    target: Path,
    sha256: str,
    promised_by: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Copies a large file; tries again a few times if the connection is cut.

    promised_by: name of the file that holds the sha256. DamagedError if the sha256 differs, OSError if the
    file cannot be written here; `target` is then unchanged.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _fetch_once(source, name, target, sha256, promised_by)
        except stores.MissingError:
            raise
        except stores.StoreError:
            if attempt == _ATTEMPTS - 1:
                raise
            sleep(_FIRST_PAUSE_S * 4**attempt)


def _fetch_once(source: stores.Store, name: str, target: Path, sha256: str, promised_by: str) -> None:
    digest = hashlib.sha256()
    with partial.new_file(target) as file:
        for chunk in source.chunks(name):
            digest.update(chunk)
            file.write(chunk)
        if digest.hexdigest() != sha256:
            raise DamagedError(f"{source.name}/{name}: its sha256 is not the one in {promised_by}")


def watch(
    puller: Puller, interval_s: float, complain: Say, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Copies new networks until KeyboardInterrupt; reports once that a source is out of reach."""
    trouble = ""
    while True:
        try:
            found = puller.find_certificates()
            puller.copy(found)
            news = "" if found else "no promoted networks there yet"
        except stores.StoreError as error:
            news = str(error)
        if news and not trouble:
            complain(f"{news}; waiting")
        trouble = news
        sleep(interval_s)
