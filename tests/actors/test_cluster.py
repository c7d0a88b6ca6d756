"""Tests of tokens and addresses: who may join a private cluster, and which clusters a run joins."""

import os
import socket
import stat
import types

import pytest

from actors import cluster
from alphazero.config import compose
from tests.actors import half_head


def raised(*texts):
    """A chain of errors, each raised while the one before was handled."""
    error = None
    for text in texts:
        after = ConnectionError(text)
        after.__context__ = error
        error = after
    return error


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ["RPC error: InvalidAuthToken: Authentication token is missing", "Failed to connect"],
            "RAY_AUTH_MODE=token",
        ),
        (["no authentication token was found in ~/.ray/auth_token"], "RAY_AUTH_MODE=token"),
        (["Connection refused", "Failed to connect"], "must be a node of its cluster"),
        (["Failed to connect"], "must be a node of its cluster"),
    ],
)
def test_why_a_cluster_cannot_be_joined(texts, expected):
    assert expected in cluster._refusal(raised(*texts))


def test_a_private_cluster_has_a_token_of_its_own(monkeypatch):
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    first, second = cluster._new_token(), cluster._new_token()
    assert first.keys() == {"RAY_AUTH_TOKEN"} and first != second
    assert len(bytes.fromhex(first["RAY_AUTH_TOKEN"])) == 32


def test_the_token_mode_does_not_choose_a_token(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert cluster._new_token().keys() == {"RAY_AUTH_TOKEN"}


@pytest.mark.parametrize("name", ["RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"])
def test_what_the_user_chose_stays(name, monkeypatch, caplog):
    monkeypatch.setenv(name, "token")
    assert cluster._new_token() == {} and caplog.text == ""


def test_an_open_private_cluster_gives_a_warning(monkeypatch, caplog):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert cluster._new_token() == {}
    assert "any process that reaches the cluster's ports can run code" in caplog.text


def test_the_folder_of_private_clusters_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"alphazero-{os.getuid()}"
    assert cluster._private_folder() == folder / "ray"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)  # as earlier versions left it
    cluster._private_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_is_refused(tmp_path, monkeypatch):
    """Another user could have made the link."""
    monkeypatch.setattr(cluster.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "other").mkdir()
    (tmp_path / f"alphazero-{os.getuid()}").symlink_to(tmp_path / "other")
    with pytest.raises(ValueError, match="must be a folder that you own"):
        cluster._private_folder()


def test_another_users_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.tempfile, "gettempdir", lambda: str(tmp_path))
    mine = os.getuid()
    monkeypatch.setattr(cluster.os, "getuid", lambda: mine + 1)
    with pytest.raises(ValueError, match="must be a folder that you own"):
        cluster._private_folder()


@pytest.fixture
def address_file(tmp_path, monkeypatch):
    """The file in which `ray start` writes the address of this host's cluster; it does not exist yet."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    return tmp_path / "ray" / "ray_current_cluster"


def test_the_cluster_of_this_host(address_file, caplog):
    with half_head.serve() as head:
        address_file.write_text(head.address)
        assert cluster._cluster_on_this_host() == (str(address_file), head.address)
    assert caplog.text == ""


def test_without_a_cluster_there_is_no_warning(address_file, caplog):
    assert cluster._cluster_on_this_host() == ("", "private")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("127.0.0.2:1", "=127.0.0.2:1: nothing answers there (Connection refused)"),
        ("", ": it does not hold HOST:PORT"),
        ("\0\n" * 1000, ": it does not hold HOST:PORT"),
        ("127.0.0.2:99999", ": it does not hold HOST:PORT"),
    ],
)
def test_a_stale_file_gives_a_warning_and_is_not_joined(text, reason, address_file, caplog):
    address_file.write_text(text)
    assert cluster._cluster_on_this_host() == ("", "private")
    assert caplog.messages == [
        f"{address_file}{reason}; a private cluster starts instead (cluster=private reads no file)"
    ]


def test_what_is_not_text_or_not_a_file_is_not_joined(address_file, caplog):
    address_file.write_bytes(b"\xff\xfe")
    assert cluster._cluster_on_this_host() == ("", "private")
    address_file.unlink()
    os.mkfifo(address_file)
    assert cluster._cluster_on_this_host() == ("", "private")
    assert "it is not text" in caplog.messages[0] and "it is not a regular file" in caplog.messages[1]


@pytest.mark.slow
def test_another_program_at_the_address_of_this_host_is_not_joined(address_file, caplog):
    with socket.create_server(("127.0.0.2", 0)) as server:
        address_file.write_text(f"127.0.0.2:{server.getsockname()[1]}")
        assert cluster._cluster_on_this_host() == ("", "private")
    assert "does not answer within 5 s; a private cluster starts instead" in caplog.text


def test_another_users_cluster_is_not_joined(address_file, monkeypatch, caplog):
    """A run that joins sends its token and trusts the answers."""
    address_file.write_text("127.0.0.2:1")
    os.chown(address_file, 12345, -1) if os.getuid() == 0 else monkeypatch.setattr(
        cluster.os, "getuid", lambda: 12345
    )
    assert cluster._cluster_on_this_host() == ("", "private")
    assert "belongs to another user" in caplog.text


@pytest.mark.parametrize(("mode", "is_told"), [("token", False), (None, True), ("disabled", True)])
def test_a_joined_cluster_without_tokens_gives_a_warning(mode, is_told, monkeypatch, caplog):
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
    monkeypatch.setattr(cluster.ray, "init", lambda **options: None)
    context = types.SimpleNamespace(gcs_address="10.0.0.1:6379")
    monkeypatch.setattr(cluster.ray, "get_runtime_context", lambda: context)
    with half_head.serve() as head:
        config = compose.compose(["conf=smoke", f"cluster.address={head.address}"])
        assert "10.0.0.1:6379" in cluster.connect(config, "log.txt", "namespace")
    assert ("requires no token" in caplog.text) is is_told
