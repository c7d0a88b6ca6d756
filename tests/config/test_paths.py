"""Tests of paths: settings name the same folder in every process."""

from pathlib import Path

import pytest

from alphazero.config import compose, paths


def made(*words):
    return paths.make_absolute(compose.compose(["conf=smoke", *words]))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/player")


def test_relative_paths_lie_where_the_driver_was_started(tmp_path):
    config = made("run.dir=runs/mine", "mirror.uri=copies", "init.weights=net.txt")
    assert config.run.dir == str(tmp_path / "runs" / "mine")
    assert config.mirror.uri == str(tmp_path / "copies")
    assert config.init.weights == str(tmp_path / "net.txt")


def test_a_home_is_the_users():
    config = made(
        "run.dir=~/runs", "init.weights=~/net.txt", "mirror.uri=~/copies", "ladder.gnugo=~/bin/gnugo"
    )
    assert config.run.dir == "/home/player/runs"
    assert config.init.weights == "/home/player/net.txt"
    assert config.mirror.uri == "/home/player/copies"
    assert config.ladder.gnugo == "/home/player/bin/gnugo"
    assert made().ladder.gnugo == "gnugo"


def test_a_name_that_begins_like_a_home_is_a_name(tmp_path):
    assert made("run.dir=./~").run.dir == str(tmp_path / "~")
    assert made("run.dir=~nobody-of-this-name/x").run.dir == str(tmp_path / "~nobody-of-this-name" / "x")


@pytest.mark.parametrize("uri", ["s3://bucket/runs", "gs://bucket/runs"])
def test_a_bucket_stays(uri):
    assert made(f"mirror.uri={uri}").mirror.uri == uri


def test_what_is_not_set_stays():
    config = made()
    assert config.mirror.uri is None and config.init.weights is None
    assert Path(config.run.dir).is_absolute()
    assert config.search == compose.compose(["conf=smoke"]).search
