"""Stores of named files: a folder, or a bucket of an object store through obstore.

Names are relative, with slashes. A file appears completely or not at all: folders use a rename, object stores
guarantee it. All calls are bounded in time, even if a server does not answer: see the bounds below.
"""

import os
import re
import shutil
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from alphazero.config import checks
from alphazero.config import mirror as mirror_config
from alphazero.storage import partial

_CONNECT_S, _SILENCE_S, _REQUEST_S = 5, 20, 600
"""Bounds in seconds: for a connection, for a silent server, for one request."""
_RETRIES, _RETRY_S, _PAUSE_S = 2, 15, 0.2
"""Largest number of retries, their total time, and the first pause."""
_PART_BYTES, _PARTS_AT_ONCE = 8 << 20, 2
"""Large files are sent in parts, few at a time, to leave bandwidth to the run."""
_CHUNK_BYTES = 1 << 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CODE = re.compile(r"<Code>(\w{1,40})</Code>")
_STATUS = re.compile(r"status code: (\d{3})\b")


class StoreError(Exception):
    """An operation of a store failed; the text is one line and contains no secrets."""


class MissingError(StoreError):
    """A file does not exist."""


class Store(Protocol):
    """A place for files; every method may raise StoreError."""

    name: str
    """Its name in the user's words."""

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        """Size in bytes of each file below `folder`, by its name relative to the place.

        deep: also the files of subfolders. A folder that does not exist is empty.
        """
        ...

    def read(self, name: str) -> bytes:
        """The content of a small file."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of a large file in pieces."""
        ...

    def write(self, name: str, content: bytes | Path) -> None:
        """Replaces a whole file; content: bytes, or the path of a local file."""
        ...

    def remove(self, name: str) -> None:
        """Removes a file if it exists."""
        ...


def open_place(key: str, place: str) -> Store:
    """The folder or object store that a user names; does not access it yet.

    key: the setting or argument that holds `place`. ValueError in one line if it is invalid.
    """
    mirror_config.check_place(key, place)
    if "://" not in place:
        return Folder(Path(os.path.expanduser(place)))
    return Bucket(key, place.rstrip("/"))


class Folder:
    """A folder of this machine, possibly mounted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        """See Store; skips temporary files and symbolic links."""
        found: dict[str, int] = {}
        try:
            for path in self._walk(self._path / folder, deep):
                found[path.relative_to(self._path).as_posix()] = path.stat().st_size
        except OSError as error:
            raise _of_os(error) from error
        return found

    def _walk(self, folder: Path, deep: bool) -> Iterator[Path]:
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            if path.name.startswith(".") or path.is_symlink():
                continue
            if path.is_file():
                yield path
            elif deep:
                yield from self._walk(path, deep)

    def read(self, name: str) -> bytes:
        """See Store."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Store."""
        try:
            with (self._path / name).open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise _of_os(error) from error

    def write(self, name: str, content: bytes | Path) -> None:
        """See Store; after the return the file survives a crash of the machine."""
        try:
            with partial.new_file(self._path / name) as file:
                if isinstance(content, Path):
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file, _CHUNK_BYTES)
                else:
                    file.write(content)
        except OSError as error:
            raise _of_os(error) from error

    def remove(self, name: str) -> None:
        """See Store; also removes a folder that becomes empty."""
        path = self._path / name
        try:
            path.unlink(missing_ok=True)
            if path.parent != self._path and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except OSError as error:
            raise _of_os(error) from error


class Bucket:
    """A bucket of S3 or Google Cloud Storage, or a prefix in one; credentials come from the environment."""

    def __init__(self, key: str, uri: str) -> None:
        """key: the setting that holds `uri`. ValueError if settings in the environment are invalid."""
        from obstore import store  # not at the top: only buckets need the slow import

        self.name = uri
        is_s3 = uri.startswith("s3://")
        options: dict[str, Any] = {
            "client_options": {
                "allow_http": is_s3 and _may_use_http(key),
                "connect_timeout": timedelta(seconds=_CONNECT_S),
                "read_timeout": timedelta(seconds=_SILENCE_S),
                "timeout": timedelta(seconds=_REQUEST_S),
            },
            "retry_config": {
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=_RETRY_S),
                "backoff": {
                    "init_backoff": timedelta(seconds=_PAUSE_S),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        }
        if is_s3:  # the server then refuses content that was changed on the way
            options["config"] = {"checksum_algorithm": "SHA256"}
        try:
            self._store: Any = store.from_url(uri, **options)
        except Exception as error:
            raise ValueError(f"{key}={uri}: the environment's settings for it are invalid") from error

    def sizes(self, folder: str = "", *, deep: bool = True) -> dict[str, int]:
        """See Store."""
        import obstore

        prefix = folder or None
        with _Translated(self.name):
            if not deep:
                found = list(obstore.list_with_delimiter(self._store, prefix)["objects"])
            else:
                found = [meta for batch in obstore.list(self._store, prefix) for meta in batch]
        return {meta["path"]: meta["size"] for meta in found}

    def read(self, name: str) -> bytes:
        """See Store."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """See Store."""
        import obstore

        with _Translated(f"{self.name}/{name}"):
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=_CHUNK_BYTES):
                yield bytes(chunk)

    def write(self, name: str, content: bytes | Path) -> None:
        """See Store."""
        import obstore

        with _Translated(f"{self.name}/{name}", what="its bucket"):
            obstore.put(self._store, name, content, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE)

    def remove(self, name: str) -> None:
        """See Store."""
        import obstore

        try:
            with _Translated(f"{self.name}/{name}"):
                obstore.delete(self._store, name)
        except MissingError:
            pass


class _Translated:
    """Turns obstore's errors into StoreError; their own texts repeat requests and answers at length."""

    def __init__(self, where: str, what: str = "it") -> None:
        self._where = where
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or not isinstance(error, Exception) or isinstance(error, StoreError):
            return
        text = str(error)
        if isinstance(error, FileNotFoundError):
            raise MissingError(f"{self._where}: {self._what} is not there") from None
        if any(sign in text for sign in _NO_CREDENTIALS):
            raise StoreError(f"{self._where}: no credentials in the environment") from None
        code, status = _CODE.search(text), _STATUS.search(text)
        if code or status:
            reply = " ".join(match[1] for match in (status, code) if match)
            raise StoreError(f"{self._where}: the store answers {reply}") from None
        for sign, reason in _REASONS.items():
            if sign in text:
                raise StoreError(f"{self._where}: {reason}") from None
        raise StoreError(f"{self._where}: failed ({type(error).__name__})") from None


_NO_CREDENTIALS = ("http://169.254.", "computeMetadata", "metadata.google.internal")
"""Servers with credentials for a cloud's own machines, used only if the environment has no credentials."""
_REASONS = {
    "TimedOut": "the store does not answer in time",
    "kind: Timeout": "the store does not answer in time",
    "kind: Connect,": "no connection to the store",
    "HTTP error": "the connection was cut",
}
"""Signs in obstore's texts and the reasons that they stand for, in this order."""


def _of_os(error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return MissingError(f"{error.filename}: is not there")
    return StoreError(f"{error.filename}: {error.strerror}")


def _may_use_http(key: str) -> bool:
    """Whether S3's address is unencrypted; allowed only on this machine or with AWS_ALLOW_HTTP."""
    variable = next(
        (name for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if os.environ.get(name)), ""
    )
    address = urllib.parse.urlsplit(os.environ.get(variable, ""))
    if address.scheme != "http":
        return False
    checks.require(
        address.hostname in _LOOPBACK or os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
        f"{key}: {variable}",
        f"http://{address.hostname}",
        "https:// or on this machine; AWS_ALLOW_HTTP=true allows it",
    )
    return True
