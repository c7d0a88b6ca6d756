"""Tests of composition: all shipped files compose, specific settings win, and mistakes give one line."""

import dataclasses
import os
import re
import subprocess
import sys

import pytest
import yaml

from alphazero.config import compose, mistakes, schema
from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import search as search_config

GROUPS = ["net", "search", "optimizer", "schedule", "gate", "cluster"]
OPTIONS = [(group, name) for group in GROUPS for name in compose.names(group)]

MISTAKES = [
    (
        "conf=9X9",
        "conf=9X9: unknown; there are 13x13, 19x19, 5x5-reinforce, 7x7, 9x9, smoke (did you mean 9x9?)",
    ),
    ("gate=sprt2", "gate=sprt2: unknown; there are none, sprt, winrate (did you mean sprt?)"),
    ("training.batchsize=8", "training.batchsize: unknown key; .* (did you mean batch_size?)"),
    ("boardsize=9", "boardsize: unknown key; there are run, stop, init, .*"),
    ("+boardsize=9", "boardsize: unknown key; there are run, stop, init, .*"),
    ("+search.depth=3", "search.depth: unknown key; search has algorithm, .*"),
    ("search.num_simulations=many", "search.num_simulations=many: .*could not be converted to Integer"),
    ("search.num_simulations=0", "search.num_simulations=0: must be from 1 to .*"),
    ("search.algorithm=alphabeta", "search.algorithm=alphabeta: .*expected one of [gumbel, .*]"),
    ("search=none", "training.policy_loss=cross_entropy: must be reinforce with search=none"),
    (
        "training.policy_loss=reinforce search=puct",
        "training.policy_loss=reinforce: must be cross_entropy with search=puct",
    ),
    ("training.policy_loss=ppo", "training.policy_loss=ppo: .*expected one of [cross_entropy, reinforce]"),
    (
        "conf=5x5-reinforce selfplay.full_search_fraction=0.5",
        "selfplay.full_search_fraction=0.5: must be 1 with search=none",
    ),
    (
        "conf=5x5-reinforce replay.surprise_weight=0.5",
        "replay.surprise_weight=0.5: must be 0 with search=none",
    ),
    ("conf=5x5-reinforce optimizer=rso", "optimizer=rso: must be one that follows gradients .*"),
    (
        "optimizer=sgd optimizer.momentum=0.9",
        "optimizer.momentum=0.9: must be 0 for sgd; optimizer=momentum has it",
    ),
    (
        "optimizer=momentum optimizer.momentum=0",
        "optimizer.momentum=0.0: must be greater than 0 for momentum; .*",
    ),
    ("optimizer=adam optimizer.weight_decay=0.1", "optimizer.weight_decay=0.1: must be 0 for adam; .*"),
    ("optimizer=lion", "optimizer=lion: unknown; there are adagrad, adam, adam_l2, .*"),
    ("schedule.milestones=[0.8,0.5]", "schedule.milestones=[0.8, 0.5]: must be from 0 to 1, in order"),
    ("schedule.cycle_peak=0.95", "schedule.cycle_peak=0.95: must be greater than 0 and less than .*"),
    ("schedule.low_momentum=0.97", "schedule.low_momentum=0.97: must be from 0 to 0.95"),
    ("game.size=20", "game.size=20: must be from 2 to 19"),
    ("game.komi=6.3", "game.komi=6.3: must be a multiple of 0.5"),
    ("mirror.uri=ftp://host/x", "mirror.uri=ftp://host/x: must be a folder, s3://BUCKET/PREFIX or .*"),
    (
        "mirror.uri=s3://key:secret@bucket/x",
        "mirror.uri=s3://...: must not hold a user, password or query; credentials come from the environment",
    ),
    ("mirror.state_minutes=-1", "mirror.state_minutes=-1.0: must be at least 0"),
    ("gate.num_games=7", "gate.num_games=7: must be even"),
    ("net.blocks=null", "net.blocks=null: must not be null"),
    ("stop.minutes=nan", "stop.minutes=nan: must be greater than 0"),
    ("search=puct,gumbel", "Ambiguous value for argument 'search=puct,gumbel'.*"),
    ("run.dir", "run.dir: cannot be read as key=value"),
    ("cluster.address=[", "cluster.address=[: cannot be read as key=value; quote the value twice: .*"),
]


@pytest.mark.parametrize("name", compose.names())
def test_complete_run_composes(name):
    config = compose.compose([f"conf={name}"])
    assert config.run.dir == f"runs/{name}"
    assert name == "smoke" or name.startswith(f"{config.game.size}x{config.game.size}")


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_option_composes(group, name):
    needed = ["training.policy_loss=reinforce"] if name == "none" and group == "search" else []
    compose.compose([f"{group}={name}", *needed])


@pytest.mark.parametrize("name", compose.names("net"))
def test_net_is_named_by_its_shape(name):
    assert compose.compose([f"net={name}"]).net.name == name


@pytest.mark.parametrize("name", compose.names("optimizer"))
def test_an_optimizers_group_sets_all_that_differs(name):
    """A missing key would keep the value of the default optimizer."""
    optimizer = compose.compose([f"optimizer={name}"]).optimizer
    assert optimizer.name.value == name
    shipped = yaml.safe_load((compose.conf_folder() / "optimizer" / f"{name}.yaml").read_text())
    assert {"name", "rate", "weight_decay", "momentum"} <= shipped.keys()


def test_every_optimizer_and_schedule_has_a_group():
    assert compose.names("optimizer") == sorted(name.value for name in optimizer_config.OptimizerName)
    schedules = {name.value for name in optimizer_config.ScheduleName}
    assert {compose.compose([f"schedule={name}"]).schedule.name.value for name in schedules} == schedules
    assert set(compose.names("schedule")) == {*schedules, "linear"}


def test_forced_playouts_belong_to_puct():
    assert compose.compose(["conf=9x9", "search=puct"]).search.forced_playouts == 2
    assert compose.compose(["conf=9x9"]).search.forced_playouts == 0


def test_play_without_search_learns_by_reinforce():
    config = compose.compose(["conf=9x9", "search=none", "training.policy_loss=reinforce"])
    assert config.search.algorithm is search_config.Algorithm.none
    shipped = compose.compose(["conf=5x5-reinforce"])
    assert shipped.search.algorithm is config.search.algorithm
    assert shipped.training.policy_loss is config.training.policy_loss
    assert shipped.replay.max_window <= 2 * shipped.training.batch_size, "old games are off-policy"


def test_command_line_wins_over_run_wins_over_group():
    config = compose.compose(["conf=smoke", "search=puct"])
    assert config.search.algorithm is search_config.Algorithm.puct
    assert config.search.num_simulations == 16  # conf/smoke.yaml's, not search/puct.yaml's 64
    assert (
        compose.compose(["conf=smoke", "search=puct", "search.num_simulations=5"]).search.num_simulations == 5
    )
    assert compose.compose(["conf=smoke", "net=b6c64"]).net.name == "b6c64"


def test_result_is_plain_dataclasses():
    config = compose.compose()
    assert type(config) is schema.Config
    assert type(config.net) is net_config.NetConfig
    assert config.net.heads is net_config.HeadInit.convolution


@pytest.mark.parametrize(("words", "line"), MISTAKES)
def test_mistake_gives_one_line(words, line, capsys):
    with pytest.raises(SystemExit) as left:
        compose.main_config(words.split())
    assert left.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    pattern = ".*".join(re.escape(part) for part in line.split(".*"))
    assert re.fullmatch(pattern, output.err.removesuffix("\n"))


def test_user_adds_a_run(tmp_path):
    write(tmp_path / "conf" / "own.yaml", "defaults: [9x9, {override /net: b6c64}]\nrun: {dir: runs/own}\n")
    config = compose.main_config([f"--config-dir={tmp_path}", "conf=own"])
    assert config is not None
    assert (config.game.size, config.net.name, config.run.dir) == (9, "b6c64", "runs/own")


def test_unknown_key_in_a_file_names_the_file(tmp_path, capsys):
    write(tmp_path / "conf" / "typo.yaml", "selfplay: {num_game: 3}\n")
    with pytest.raises(SystemExit):
        compose.main_config([f"--config-dir={tmp_path}", "conf=typo"])
    assert capsys.readouterr().err.startswith("conf/typo.yaml: selfplay.num_game: unknown key")


def test_broken_yaml_names_file_and_line(tmp_path, capsys):
    path = write(tmp_path / "conf" / "broken.yaml", "run:\n  dir: [a\nstop: 1\n")
    with pytest.raises(SystemExit):
        compose.main_config([f"--config-dir={tmp_path}", "conf=broken"])
    assert capsys.readouterr().err.startswith(f"{path}, line 4: not valid YAML: ")


def test_broken_shipped_file_gives_one_line(tmp_path, monkeypatch):
    path = write(tmp_path / "9x9.yaml", "run: {\n")
    monkeypatch.setattr(compose, "conf_folder", lambda: tmp_path)
    with pytest.raises(mistakes.SettingsError, match=rf"^{path}, line 3: not valid YAML"):
        compose.compose()


def test_yaml_of_the_tree_reads_back():
    config = compose.compose(["conf=smoke", "stop.minutes=3"])
    tree = yaml.safe_load(compose.to_yaml(config))
    assert tree["net"]["heads"] == "convolution"
    assert tree["stop"] == {"minutes": 3.0, "games": None, "steps": None, "promotions": 2}


def test_hydra_leaves_no_trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = list(sys.argv)
    assert compose.main_config(["conf=smoke"]) is not None
    assert os.getcwd() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert sys.argv == arguments
    assert "HYDRA_FULL_ERROR" not in os.environ


@pytest.mark.slow
def test_help_lists_choices_only(tmp_path, project):
    code = "from alphazero.config import compose; assert compose.main_config() is None"
    command = [sys.executable, "-c", code, "--help"]
    (tmp_path / "runs").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    groups = done.stdout.partition("conf=NAME):\n")[2].partition("Keys and")[0]
    assert [line.partition(":")[0] for line in groups.split("\n") if line] == sorted([*GROUPS, "conf"])


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# @package _global_\n{text}")
    return path


def test_changes_of_a_runs_settings_keep_the_others():
    before = compose.compose(["conf=smoke", "schedule.warmup_steps=7", "run.dir=a=b [1] ${x}"])
    assert compose.changed(before, []) == before
    after = compose.changed(before, ["schedule=constant", "search.c_scale=0.1"])
    assert after.schedule == dataclasses.replace(before.schedule, name=optimizer_config.ScheduleName.constant)
    assert (after.search.c_scale, after.game, after.run) == (0.1, before.game, before.run)


def test_a_table_replaces_the_runs_table():
    kata = ["conf=9x9", "net=kata-b4c32"]
    before = compose.compose([*kata, "net.growth={300: kata-b6c64}", "game.sizes={7: 1, 9: 8}"])
    after = compose.changed(before, ["net.growth={600: kata-b6c64}", "game.sizes={9: 3, 5: 1}"])
    assert (after.net.growth, after.game.sizes) == ({600: "kata-b6c64"}, {9: 3, 5: 1})
    assert compose.changed(after, ["net.growth=null"]).net.growth is None


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("search.c_scal=1", "search.c_scal: unknown key; search has"),
        ("search.c_scale=high", "search.c_scale=high: "),
        ("schedule=none", "schedule=none: unknown; there are constant"),
    ],
)
def test_mistakes_in_changes_are_one_line(word: str, line: str):
    with pytest.raises(mistakes.SettingsError, match=f"^{line}") as caught:
        compose.changed(compose.compose(["conf=smoke"]), [word])
    assert len(str(caught.value).splitlines()) == 1
