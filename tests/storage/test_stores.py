"""Tests of stores: folder and bucket behave alike; failures are one line without secrets, within a bound."""

import os
import socket
import time
from pathlib import Path

import pytest

from alphazero.config import mirror as mirror_config
from alphazero.storage import partial, stores
from tests.storage import faults

BIG = bytes(range(256)) * 40_000  # more than one part of an upload


def test_files_come_and_go(store: stores.Store, tmp_path: Path):
    (tmp_path / "big").write_bytes(BIG)
    assert store.sizes() == {}
    assert store.sizes("a") == {}
    store.write("a/b/small.json", b"{}")
    store.write("a/big", tmp_path / "big")
    store.write("top", b"")
    store.write("a/b/small.json", b"[1]")
    assert store.sizes() == {"a/b/small.json": 3, "a/big": len(BIG), "top": 0}
    assert store.sizes("a") == {"a/b/small.json": 3, "a/big": len(BIG)}
    assert store.sizes("a", deep=False) == {"a/big": len(BIG)}
    assert store.sizes("", deep=False) == {"top": 0}
    assert store.read("a/b/small.json") == b"[1]"
    assert b"".join(store.chunks("a/big")) == BIG
    for _ in range(2):
        store.remove("a/b/small.json")
    assert store.sizes("a") == {"a/big": len(BIG)}
    with pytest.raises(stores.MissingError, match=r"small\.json: (it )?is not there$"):
        store.read("a/b/small.json")


def test_a_bucket_that_is_not_there(bucket: str):
    store = stores.open_place("SOURCE", "s3://no-such-bucket/x")
    with pytest.raises(stores.StoreError, match="s3://no-such-bucket/x: the store answers 404 NoSuchBucket"):
        store.sizes()
    with pytest.raises(stores.StoreError, match="its bucket is not there"):
        store.write("a", b"1")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("s3://key:secret@bucket/x", "s3://...: must not hold a user, password or query"),
        ("s3://bucket/x?X-Amz-Signature=secret", "s3://...: must not hold a user, password or query"),
        ("https://user:secret@host/x", "https://...: must not hold a user"),
        ("ftp://host/x", "ftp://host/x: must be a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX"),
        ("s3:///x", "s3:///x: must be a folder"),
        (" ", "' ': must be a folder"),
    ],
)
def test_places_that_cannot_be(place: str, message: str):
    for check in (mirror_config.check_place, stores.open_place):
        with pytest.raises(ValueError) as raised:
            check("mirror.uri", place)
        assert str(raised.value).startswith(f"mirror.uri={message}")
        assert "secret" not in str(raised.value)


def test_google_is_only_opened(environment: pytest.MonkeyPatch):
    assert stores.open_place("SOURCE", "gs://bucket/x/").name == "gs://bucket/x"


@pytest.mark.parametrize(
    ("address", "explicit", "is_allowed"),
    [
        ("http://127.0.0.1:9000", None, True),
        ("http://localhost:9000", None, True),
        ("https://s3.example.com", None, True),
        ("http://s3.example.com", None, False),
        ("http://s3.example.com", "true", True),
    ],
)
def test_without_encryption_only_on_this_machine(
    environment: pytest.MonkeyPatch, address: str, explicit: str | None, is_allowed: bool
):
    environment.setenv("AWS_ENDPOINT_URL", address)
    if explicit:
        environment.setenv("AWS_ALLOW_HTTP", explicit)
    if is_allowed:
        stores.open_place("mirror.uri", "s3://bucket/x")
    else:
        with pytest.raises(ValueError, match=r"AWS_ENDPOINT_URL=http://s3\.example\.com: must be https"):
            stores.open_place("mirror.uri", "s3://bucket/x")


def test_without_credentials(environment: pytest.MonkeyPatch):
    """A cloud gives its machines credentials at an address that does not exist elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unused = listener.getsockname()[1]
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    environment.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{unused}")
    with pytest.raises(stores.StoreError, match=r"no credentials in the environment|no connection"):
        stores.open_place("SOURCE", "s3://bucket/x").sizes()


def test_errors_hold_no_secrets(bucket: str, proxy: faults.Proxy):
    """S3 repeats the key's name in a refusal, and maybe more."""
    body = (
        b"<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIATESTINGTESTING</AWSAccessKeyId></Error>"
    )
    proxy.error = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        len(body),
        body,
    )
    store = stores.open_place("SOURCE", bucket)
    for call in (
        store.sizes,
        lambda: store.read("x"),
        lambda: store.write("x", b"1"),
        lambda: store.remove("x"),
    ):
        proxy.errors = 1
        with pytest.raises(stores.StoreError) as raised:
            call()
        text = str(raised.value)
        assert text.endswith("the store answers 403 InvalidAccessKeyId")
        assert "AKIA" not in text and "\n" not in text
        assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_a_busy_server_is_asked_again(bucket: str, proxy: faults.Proxy):
    store = stores.open_place("SOURCE", bucket)
    proxy.errors = 2
    store.write("x", b"1")
    proxy.errors = 2
    assert store.read("x") == b"1"
    assert proxy.errors == 0
    proxy.errors = 100
    with pytest.raises(stores.StoreError, match="the store answers 503"):
        store.write("x", b"2")
    assert 90 < proxy.errors < 99


def test_a_server_that_is_not_there(bucket: str, proxy: faults.Proxy, environment: pytest.MonkeyPatch):
    proxy.is_down = True
    store = stores.open_place("SOURCE", bucket)
    began = time.monotonic()
    with pytest.raises(stores.StoreError, match=r"the connection was cut|no connection"):
        store.write("x", b"1")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(stores.StoreError, match="no connection to the store"):
        stores.open_place("SOURCE", bucket).sizes()
    assert time.monotonic() - began < 10


def test_a_server_that_says_nothing(
    bucket: str, environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
):
    """The bound of 20 seconds is a fraction of a second here."""
    monkeypatch.setattr(stores, "_SILENCE_S", 0.2)
    monkeypatch.setattr(stores, "_RETRIES", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        store = stores.open_place("SOURCE", bucket)
        began = time.monotonic()
        with pytest.raises(stores.StoreError, match="does not answer in time"):
            store.sizes()
        assert time.monotonic() - began < 5


def test_an_upload_that_fails_leaves_the_old_file(tmp_path: Path):
    folder = stores.Folder(tmp_path / "mirror")
    folder.write("x", b"old")
    with pytest.raises(stores.MissingError):
        folder.write("x", tmp_path / "not there")
    (tmp_path / "mirror" / ".y.0.part").write_bytes(b"half")
    assert folder.read("x") == b"old"
    assert folder.sizes() == {"x": 3}


def test_leftovers_are_removed_and_work_is_not(tmp_path: Path):
    (tmp_path / ".old.12345678.part").write_bytes(b"left by a process that was killed")
    (tmp_path / ".hidden").write_bytes(b"")
    with partial.new_file(tmp_path / "new") as file:
        file.write(b"whole")
        partial.clean(tmp_path)
        assert len(list(tmp_path.glob(".new.*.part"))) == 1
    assert sorted(os.listdir(tmp_path)) == [".hidden", "new"]
    with pytest.raises(RuntimeError):
        _write_half(tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert sorted(os.listdir(tmp_path)) == [".hidden", "new"]


def _write_half(path: Path) -> None:
    with partial.new_file(path) as file:
        file.write(b"half")
        raise RuntimeError
