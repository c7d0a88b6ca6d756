"""Fixtures: a server with the S3 protocol, a faulty connection to it, and stores of both kinds."""

import itertools
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from alphazero.storage import pulling, stores
from tests.storage import faults

_buckets = (f"bucket-{number}" for number in itertools.count())


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """Port of a moto server on this machine."""
    from moto import server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield running.get_host_and_port()[1]
    running.stop()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without the user's own settings."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIATESTINGTESTING",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-see",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in (
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ALLOW_HTTP",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stores, "_PAUSE_S", 0.01)
    monkeypatch.setattr(pulling, "_FIRST_PAUSE_S", 0.01)
    return monkeypatch


@pytest.fixture
def bucket(s3_port: int, environment: pytest.MonkeyPatch) -> str:
    """URI of an empty prefix in a bucket of the server."""
    name = next(_buckets)
    request = urllib.request.Request(f"http://127.0.0.1:{s3_port}/{name}", method="PUT")
    urllib.request.urlopen(request).close()
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_port}")
    return f"s3://{name}/runs/9x9"


@pytest.fixture
def proxy(bucket: str, s3_port: int, environment: pytest.MonkeyPatch) -> Iterator[faults.Proxy]:
    """A connection to the server that works until a test changes it; stores opened from now on use it."""
    running = faults.Proxy(s3_port)
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{running.port}")
    yield running
    running.close()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a mirror in the user's notation."""
    return str(tmp_path / "mirror") if request.param == "folder" else request.getfixturevalue("bucket")


@pytest.fixture
def store(place: str) -> stores.Store:
    return stores.open_place("mirror.uri", place)
