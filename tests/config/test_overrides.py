"""Tests of overrides: paths are taken literally, and messages show how to quote other values."""

import shlex

import pytest
from hydra.core.override_parser import overrides_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from alphazero.config import compose, mistakes, overrides, paths, schema

NAMES = [
    "~/go", "~x", "a=b", "=", "games [1]", "[1]", "100%", "#1", "a b", " a", "a, b", "{a: 1}", "{}", "it's",
    'a "b"', "'a", "a\\b", "a\\", "$HOME", "${HOME}", "${oc.env:HOME}", "\\${x}", "${", "runs/*.gz", "a:b",
    "(1)", "a;b", "!a", "true", "12", "1e3", "nan", "-x", "@x", "a&b|c", "a\tb", "a\\\n", "\u56f4\u68cb",
]  # fmt: skip


def value(config: schema.Config, key: str) -> object:
    group, name = key.split(".")
    return getattr(getattr(config, group), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_taken_literally_and_kept(name, tmp_path):
    is_list = name.startswith("[")  # of data.path
    keys = [key for key in overrides.PATHS if not (is_list and key in overrides.LISTS)]
    config = compose.compose([f"{key}={name}" for key in keys])
    assert {key: value(config, key) for key in keys} == dict.fromkeys(keys, name)
    (tmp_path / "config.yaml").write_text(compose.to_yaml(config))
    assert compose.of_run(tmp_path) == config


@pytest.mark.slow
@settings(max_examples=40)
@given(st.text("a~=[]{}%#, \"'$\\\\围*?:|\n", min_size=1).filter(str.strip))
def test_any_characters_are_a_path(tmp_path_factory, text):
    name = f"a{text}"
    config = compose.compose([f"run.dir={name}"])
    assert config.run.dir == name
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yaml").write_text(compose.to_yaml(config))
    assert compose.of_run(folder).run.dir == name


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("data.path=null", None),
        ("init.weights=null", None),
        ("init.weights=./null", "./null"),
        ("++run.dir=a=b", "a=b"),
        ("run.dir='a=b'", "a=b"),
        ('run.dir="a=b"', "a=b"),
        ("run.dir='a' 'b'", "'a' 'b'"),
        ("run.dir=???", "./???"),
        ("mirror.uri=s3://bucket/a=b", "s3://bucket/a=b"),
        ("data.path=[a,b]", ["a", "b"]),
        ("data.path=[~/a=b, 'c, d' ,${e}/*.gz]", ["~/a=b", "c, d", "${e}/*.gz"]),
        ("data.path=[1]/*.gz", "[1]/*.gz"),
    ],
)
def test_what_a_typed_value_means(typed, wanted):
    key = typed.partition("=")[0].strip("+")
    assert value(compose.compose([typed]), key) == wanted


def test_a_name_that_exists_is_not_a_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert compose.compose(["data.path=[1]"]).data.path == ["1"]
    (tmp_path / "[1]").mkdir()
    assert compose.compose(["data.path=[1]"]).data.path == "[1]"


@pytest.mark.parametrize("text", ["a=b", "a b=", "x,y", "[", "it's=", 'say "x"=', "{"])
def test_other_keys_show_the_quoting_that_works(text):
    with pytest.raises(mistakes.SettingsError) as error:
        compose.compose([f"cluster.address={text}"])
    message = str(error.value)
    assert "\n" not in message
    (word,) = shlex.split(message.partition("; quote the value twice: ")[2])
    # Hydra reads the value correctly; whether it is a valid address does not matter here.
    read = overrides_parser.OverridesParser.create().parse_override(word)
    assert (read.key_or_group, read.value()) == ("cluster.address", text)


def test_every_text_is_a_path_or_known_not_to_be():
    """Every new text setting must be listed in one of the two groups."""
    others = {"cluster.address", "game.sizes", "game.komis", "net.growth"}
    config = schema.Config()
    texts = {
        f"{group}.{name}"
        for group, field in schema.Config.__dataclass_fields__.items()
        for name, kind in field.default_factory.__dataclass_fields__.items()
        if kind.type in (str, "str", str | None, "str | None", "Any") or "Any" in str(kind.type)
    }
    assert texts == {*overrides.PATHS, *others}
    changed = paths.with_paths(
        compose.compose([f"{key}=x" for key in overrides.PATHS]), lambda path: path + "y"
    )
    assert {value(changed, key) for key in overrides.PATHS} == {"xy"}
    assert paths.with_paths(config, str.upper).init.weights is None
