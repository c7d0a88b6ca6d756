"""Board sizes and komi of mixed runs: shares, defaults and refusals in one line."""

import pytest

from alphazero.config import compose, mistakes

KATA = ["conf=9x9", "net=kata-b4c32"]


def test_shares_and_komi_by_size():
    game = compose.compose([*KATA, "game.sizes={9: 6, 7: 1, 5: 1}", "game.komi=6.5"]).game
    assert game.shares == {5: 0.125, 7: 0.125, 9: 0.75} and list(game.shares) == [5, 7, 9]
    assert [game.of_size(size).komi for size in (5, 7, 9)] == [6.5, 9.0, 6.5]
    small = game.of_size(7)
    assert (small.size, small.sizes, small.komis, small.moves_at_most) == (7, None, None, 98)
    game = compose.compose([*KATA, "game.sizes={9: 1, 7: 1}", "game.komis={7: 8.5}"]).game
    assert game.of_size(7).komi == 8.5


def test_one_size_by_default():
    config = compose.compose(["conf=9x9"])
    assert config.game.shares == {9: 1.0} and config.of_size(9) is config


def test_sizes_survive_the_runs_file(tmp_path):
    config = compose.compose([*KATA, "game.sizes={7: 1, 9: 8}"])
    path = tmp_path / "config.yaml"
    path.write_text(compose.to_yaml(config))
    assert "7: 1" in path.read_text()
    assert compose.of_run(tmp_path).game == config.game


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["conf=9x9", "net=b4c32", "game.sizes={7: 1, 9: 8}"],
            "game.sizes=.*: must be null with net.family=leela",
        ),
        ([*KATA, "game.sizes={7: 1}"], "game.sizes=.*: must be sides with game.size=9"),
        ([*KATA, "game.sizes={7: 0, 9: 1}"], "game.sizes=.*: must be board sides from 2 to 19 with shares"),
        ([*KATA, "game.sizes={1: 1, 9: 1}"], "game.sizes=.*: must be board sides from 2 to 19"),
        ([*KATA, "game.sizes={a: 1, 9: 1}"], "game.sizes=.*: must be board sides"),
        ([*KATA, "game.sizes=7"], "game.sizes=7: must be board sides"),
        ([*KATA, "game.komis={7: 9}"], "game.komis=.*: must be komi by the sides of game.sizes"),
        ([*KATA, "game.sizes={7: 1, 9: 1}", "game.komis={9: 9}"], "game.komis=.*other than game.size"),
        ([*KATA, "game.sizes={7: 1, 9: 1}", "game.komis={7: 9.2}"], "game.komis=.*multiples of 0.5"),
        (
            ["conf=9x9", "net=b4c32", "game.komi_spread=2"],
            "game.komi_spread=2.0: must be 0 with net.family=leela",
        ),
    ],
)
def test_mistakes_are_one_line(words, line):
    with pytest.raises(mistakes.SettingsError, match=line) as caught:
        compose.compose(words)
    assert len(str(caught.value).splitlines()) == 1
