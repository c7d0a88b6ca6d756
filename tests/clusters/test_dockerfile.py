"""Tests of the Dockerfile, parsed as by docker: files exist, commands are valid, nothing runs as root."""

import fnmatch
import re
import subprocess
import tomllib

import pytest

INSTRUCTIONS = {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "ENV", "USER", "ENTRYPOINT", "CMD"}


def parse(text):
    """Instructions with their words; a backslash at the end continues a line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [
        (line.partition(" ")[0], " ".join(line.partition(" ")[2].split())) for line in joined.splitlines()
    ]


@pytest.fixture
def steps(project):
    return parse((project / "Dockerfile").read_text())


def of(steps, instruction):
    return [words for name, words in steps if name == instruction]


def ignored(path, rules):
    """Whether .dockerignore excludes a path of the project's folder: the last matching rule decides."""
    result = False
    for rule in rules:
        pattern = rule.lstrip("!")
        if fnmatch.fnmatch(path.partition("/")[0], pattern) or fnmatch.fnmatch(path, pattern):
            result = not rule.startswith("!")
    return result


def test_the_parser(project):
    steps = parse("# a\nFROM x:1\nRUN a \\\n    && b\n\nUSER 1000\n")
    assert steps == [("FROM", "x:1"), ("RUN", "a && b"), ("USER", "1000")]
    assert ignored("runs/9x9", ["*", "!conf"]) and not ignored("conf/9x9.yaml", ["*", "!conf"])


def test_instructions_are_known(steps):
    assert {name for name, _ in steps} == INSTRUCTIONS and steps[0][0] == "FROM"


def test_the_base_is_a_version_of_python_that_fits(steps, project):
    (base,) = of(steps, "FROM")
    found = re.fullmatch(r"python:3\.(\d+)-slim-\w+", base)
    wanted = tomllib.loads((project / "pyproject.toml").read_text())["project"]["requires-python"]
    least, most = (int(number) for number in re.findall(r"3\.(\d+)", wanted))
    assert found and least <= int(found[1]) < most


def test_what_is_copied_is_there_and_sent(steps, project):
    rules = [line for line in (project / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    sources = [source for words in of(steps, "COPY") for source in words.split()[:-1]]
    assert [source for source in sources if not (project / source).exists()] == []
    assert [source for source in sources if ignored(source, rules)] == []
    assert (
        ignored("runs/9x9/log.txt", rules) and ignored(".git/config", rules) and ignored(".venv/bin", rules)
    )
    built = tomllib.loads((project / "pyproject.toml").read_text())
    needed = built["tool"]["hatch"]["build"]["targets"]["wheel"]
    files = {*needed["packages"], *needed["force-include"], built["project"]["readme"]}
    assert files | set(built["project"]["license-files"]) <= set(sources)


def test_commands_are_shell_and_leave_no_lists(steps):
    for words in of(steps, "RUN"):
        done = subprocess.run(["sh", "-n", "-c", words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        if "apt-get install" in words:
            assert "--no-install-recommends" in words and "rm -rf /var/lib/apt/lists/*" in words
        assert "pip install" not in words or "--no-cache" in words


def test_arguments_are_declared_before_they_are_used(steps):
    declared = set()
    for name, words in steps:
        if name == "ARG":
            declared.add(words.partition("=")[0])
        elif name == "RUN":
            assert set(re.findall(r"\$\{(\w+)\}", words)) <= declared


def test_all_versions_are_pinned(steps, project):
    installs = [words for words in of(steps, "RUN") if "pip install" in words and "--no-deps" not in words]
    for words in installs:
        assert words.count("pip install") == words.count("--constraint constraints.txt")
    extras = tomllib.loads((project / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"--extra (\w+)", " ".join(installs))
    assert named and set(named) <= extras.keys()
    assert re.search(r"^uv==", (project / "constraints.txt").read_text(), re.MULTILINE)


def test_it_does_not_run_as_root(steps):
    names = [name for name, _ in steps]
    assert of(steps, "USER") == ["1000"] and names.index("USER") > max(
        number for number, name in enumerate(names) if name == "RUN"
    )
    assert "useradd --create-home --uid 1000" in " ".join(of(steps, "RUN"))


def test_what_kuberay_calls_is_installed(steps):
    packages = re.findall(r"--no-install-recommends ([\w ]+) &&", of(steps, "RUN")[0])[0].split()
    assert {"wget", "tini"} <= set(packages)
    assert of(steps, "ENTRYPOINT") == ['["/usr/bin/tini", "--"]']
