"""Tests of docs/security.md: the tests that it names exist, and its statements about data hold."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
PAGE = (PROJECT / "docs" / "security.md").read_text()
FOLDERS = ("alphazero", "actors", "tools")
PRODUCT = sorted(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
SHELLS = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
}
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_the_page_names_tests_that_exist(path, test):
    tree = ast.parse((PROJECT / path).read_text())
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_threat_names_a_test():
    table = PAGE.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    without = [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+` \|$", row)]
    assert len(without) == 1 and "constraints.txt" in without[0]


def dangers(tree):
    """Calls and imports by which data could be executed as code or by a shell."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            home = str(getattr(node, "module", "") or "")
            names = {alias.name.partition(".")[0] for alias in node.names}
            full = {f"{home}.{name}" for name in names}
            found += sorted((names | {home}) & LOADERS) + sorted(
                full & (SHELLS | {"torch.load", "numpy.load"})
            )
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        is_open = (
            name in {"eval", "exec", "compile", "__import__"} | SHELLS
            or (name == "torch.load" and given.get("weights_only") != "True")
            or (name.endswith(("np.load", "numpy.load")) and given.get("allow_pickle", "False") != "False")
            or (
                name.startswith("yaml.")
                and name.endswith("load")
                and name != "yaml.safe_load"
                and not is_safe(node)
            )
            or given.get("shell", "False") != "False"
        )
        found += [ast.unparse(node)] * is_open
    return found


def is_safe(call):
    """Whether the loader in a call of yaml.load makes plain data only."""
    return any("SafeLoader" in ast.unparse(word.value) for word in call.keywords)


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(PROJECT)))
def test_data_is_never_code(path):
    assert dangers(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "eval(text)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "yaml.unsafe_load(text)",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
        "asyncio.create_subprocess_shell(command)",
        "from os import system",
        "from torch import load",
    ],
)
def test_dangers_are_found(code):
    assert dangers(ast.parse(code)) != []


@pytest.mark.parametrize(
    "code",
    [
        "net.eval()",
        "torch.load(file, weights_only=True)",
        "np.load(path)",
        "yaml.safe_load(text)",
        "re.compile(x)",
    ],
)
def test_safe_code_passes(code):
    assert dangers(ast.parse(code)) == []
