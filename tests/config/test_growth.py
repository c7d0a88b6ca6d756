"""Growing networks in the settings: stages, and refusals in one line."""

import pytest

from alphazero.config import compose, mistakes

KATA = ["conf=9x9", "net=kata-b4c32"]


def test_stages_follow_the_positions_of_the_run(tmp_path):
    config = compose.compose([*KATA, "net.growth={300000: kata-b5c48, 900000: kata-b6c64}"])
    net = config.net
    assert net.stages == ["kata-b4c32", "kata-b5c48", "kata-b6c64"]
    positions = (0, 299_999, 300_000, 899_999, 5_000_000)
    assert [net.stage_at(each) for each in positions] == [net.stages[index] for index in (0, 0, 1, 1, 2)]
    assert (net.largest.blocks, net.largest.filters, net.largest.growth) == (6, 64, None)
    (tmp_path / "config.yaml").write_text(compose.to_yaml(config))
    assert compose.of_run(tmp_path).net == net


def test_networks_do_not_grow_by_default():
    net = compose.compose(["conf=9x9"]).net
    assert net.stages == [net.name] and net.largest == net


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([*KATA, "net.growth={100: b5c48}"], "net.growth=b5c48: must be a network of net.family=katago"),
        ([*KATA, "net.growth={100: large}"], "net.growth=large: must be a network of net.family=katago"),
        ([*KATA, "net.growth={100: kata-b5c24}"], "net.growth=kata-b5c24: must be larger than kata-b4c32"),
        ([*KATA, "net.growth={100: kata-b4c32}"], "net.growth=kata-b4c32: must be larger than kata-b4c32"),
        ([*KATA, "net.growth=kata-b5c48"], "net.growth=kata-b5c48: must be networks by numbers of positions"),
        (
            [*KATA, "net.growth={0: kata-b5c48}"],
            "net.growth={0: 'kata-b5c48'}: must be networks by numbers of",
        ),
        (
            [*KATA, "net.growth={200: kata-b5c48, 100: kata-b6c64}"],
            "net.growth=.*: must be networks by numbers of positions, in order",
        ),
        (
            [*KATA, "net.trunk=pre", "net.growth={100: kata-b5c48}"],
            "net.growth=.*: must be null with net.trunk=pre",
        ),
    ],
)
def test_mistakes_are_one_line(words: list[str], line: str):
    with pytest.raises(mistakes.SettingsError, match=line):
        compose.compose(words)
