"""Tests of addresses of Ray heads in the settings."""

import pytest

from alphazero.config import cluster as cluster_config


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("10.0.0.5:6379", "10.0.0.5", 6379),
        ("localhost:1", "localhost", 1),
        ("ray-head.svc.cluster.local:65535", "ray-head.svc.cluster.local", 65535),
        ("[::1]:6379", "::1", 6379),
        ("[fd00::ffff:10.0.0.5]:6379", "fd00::ffff:10.0.0.5", 6379),
    ],
)
def test_an_address_has_a_host_and_a_port(address, host, port):
    assert cluster_config.split_address("cluster.address", address) == (host, port)
    assert cluster_config.ClusterConfig(address=address).address == address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "''"),
        ("  ", "'  '"),
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5:", "10.0.0.5:"),
        (":6379", ":6379"),
        ("10.0.0.5:x", "10.0.0.5:x"),
        ("10.0.0.5:-1", "10.0.0.5:-1"),
        ("10.0.0.5:\u0661", "10.0.0.5:\u0661"),
        (" 10.0.0.5:6379", "' 10.0.0.5:6379'"),
        ("my head:6379", "'my head:6379'"),
        ("10.0.0.5:6379\n", r"'10.0.0.5:6379\n'"),
        ("::1:6379", "::1:6379"),
        ("[::1]", "[::1]"),
        ("[1:2]:6379", "[1:2]:6379"),
        ("ray://10.0.0.5:10001", "ray://10.0.0.5:10001"),
        ("http://10.0.0.5:8265", "http://10.0.0.5:8265"),
        ("me@10.0.0.5:6379", "me@10.0.0.5:6379"),
    ],
)
def test_what_is_not_an_address_is_refused(address, shown):
    with pytest.raises(ValueError) as raised:
        cluster_config.ClusterConfig(address=address)
    assert str(raised.value) == (
        f"cluster.address={shown}: must be auto, private, local or HOST:PORT of a Ray head, "
        "such as 10.0.0.5:6379 or [::1]:6379"
    )


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_ports_have_a_range(port):
    with pytest.raises(ValueError, match=r"^RAY_ADDRESS=head:\d+: must be HOST:PORT .* from 1 to 65535$"):
        cluster_config.split_address("RAY_ADDRESS", f"head:{port}")
