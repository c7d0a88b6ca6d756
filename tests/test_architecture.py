"""Tests of the source tree: sizes of files and functions, imports, and places of files."""

import ast
import collections
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FOLDERS = ("alphazero", "actors", "tests", "tools")
MAX_LINES, MAX_STATEMENTS, MAX_ARGUMENTS, MAX_COMMAND_LINES = 400, 40, 7, 100
NO_COMMANDS = (
    *("__init__", "arrays", "cpu_meter", "evaluator", "files", "heap", "imports", "jit", "json_lines"),
    *("local_loop", "locks", "run_paths"),
)

SOURCES = sorted(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
KERNELS = ("alphazero/go/", "alphazero/search/")  # packages whose kernels are annotated throughout
PRODUCT = [path for path in SOURCES if path.relative_to(PROJECT).parts[0] in ("alphazero", "actors")]


def name_of(path):
    return str(path.relative_to(PROJECT))


def functions(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def num_statements(function):
    """Number of statements of a function, without its docstring and the functions inside it."""
    count, waiting = 0, list(function.body)
    if ast.get_docstring(function) is not None:
        waiting = waiting[1:]
    while waiting:
        node = waiting.pop()
        count += isinstance(node, ast.stmt)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return count


def num_arguments(function):
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def is_kernel(function):
    return any(ast.unparse(decorator).partition("(")[0] == "jit" for decorator in function.decorator_list)


def not_annotated(function):
    """Names of the parameters without an annotation, and "return" for a missing one of the result."""
    names = [argument.arg for argument in parameters(function) if argument.annotation is None]
    return names if function.returns else [*names, "return"]


def parameters(function):
    given = function.args
    everything = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [argument for argument in everything if argument]


def names_of_imports(tree):
    """Full name of everything imported anywhere in the file, and its name in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full = alias.name if alias.asname else alias.name.partition(".")[0]
                yield full, alias.asname or full
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield f"{node.module}.{alias.name}", alias.asname or alias.name


def is_module(full):
    """Whether a full name belongs to a module. Lower-case names of other projects count as modules."""
    path = PROJECT / full.replace(".", "/")
    if full.partition(".")[0] in FOLDERS:
        return path.is_dir() or path.with_suffix(".py").is_file()
    return not full.rpartition(".")[2][0].isupper()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_sizes(path):
    tree = TREES[path]
    assert len(path.read_text().splitlines()) <= MAX_LINES
    for function in functions(tree):
        assert num_statements(function) <= MAX_STATEMENTS, function.name
        if path in PRODUCT:
            assert num_arguments(function) <= MAX_ARGUMENTS, function.name


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_modules_are_imported_not_functions(path):
    """Modules are imported, as in `from alphazero.go import board`; only types and `jit` come by name."""
    ours = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.ImportFrom) and is_ours(node)]
    for node in ours:
        for alias in node.names:
            is_type = alias.name[0].isupper()
            assert is_type or alias.name == "jit" or is_module(f"{node.module}.{alias.name}"), ast.unparse(
                node
            )


@pytest.mark.parametrize("folder", KERNELS)
def test_kernels_are_annotated(folder):
    """Numba ignores annotations; readers and type checkers need them."""
    paths = [path for path in PRODUCT if name_of(path).startswith(folder)]
    kernels = [(path, node) for path in paths for node in functions(TREES[path]) if is_kernel(node)]
    missing = {f"{name_of(path)}: {kernel.name}": not_annotated(kernel) for path, kernel in kernels}
    assert kernels
    assert {name: arguments for name, arguments in missing.items() if arguments} == {}


def test_a_class_name_means_one_class():
    """In the program and its tools together, so that a name can be searched for."""
    places = collections.defaultdict(list)
    for path in SOURCES:
        if path.relative_to(PROJECT).parts[0] != "tests":
            for node in ast.walk(TREES[path]):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(name_of(path))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_everything_imported_has_one_name():
    """A module is `batches` in every file or in none."""
    places = collections.defaultdict(lambda: collections.defaultdict(list))
    for path, tree in TREES.items():
        for full, name in names_of_imports(tree):
            places[full][name].append(name_of(path))
    odd = {}
    for full, names in places.items():
        _, usual = max((len(files), name) for name, files in names.items())
        odd |= {f"{full} as {name}": files for name, files in names.items() if name != usual}
    assert odd == {}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_parameter_shadows_a_module(path):
    """Inside such a function the name would mean something else than in the rest of the file."""
    names = {name for full, name in names_of_imports(TREES[path]) if is_module(full)}
    shadows = [
        f"{name_of(path)}:{function.lineno} {function.name}({argument.arg})"
        for function in functions(TREES[path])
        for argument in parameters(function)
        if argument.arg in names
    ]
    assert shadows == []


def is_ours(node):
    return (node.module or "").partition(".")[0] in ("alphazero", "actors")


def test_commands_are_thin():
    commands = [path for path in (PROJECT / "alphazero").glob("*.py") if path.stem not in NO_COMMANDS]
    lengths = {path.stem: len(path.read_text().splitlines()) for path in commands}
    assert {name: length for name, length in lengths.items() if length > MAX_COMMAND_LINES} == {}


def test_the_layers_hold_every_module_of_the_product_and_no_other():
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = " ".join(contracts[0]["layers"])
    named = set(layers.replace("(", " ").replace(")", " ").replace("|", " ").split())
    children = {path for path in (PROJECT / "alphazero").iterdir() if path.suffix == ".py" or path.is_dir()}
    modules = {
        f"alphazero.{path.stem}" for path in children if path.stem not in ("__init__", "__pycache__", "conf")
    }
    assert modules == named - {"actors"}


def test_every_package_has_tests():
    packages = {path.parent.relative_to(PROJECT) for path in PRODUCT}
    folders = [PROJECT / "tests" / str(package).removeprefix("alphazero").lstrip("/") for package in packages]
    assert [str(folder) for folder in folders if not list(folder.glob("test_*.py"))] == []


def test_imports_point_down():
    """The contracts in pyproject.toml, with the tool that reads them."""
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", code, "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "statements", "arguments"),
    [
        ("def f(a, *, b): return a", 1, 2),
        ('def f(self):\n    """Text."""\n    if self:\n        x = 1\n    else:\n        x = 2', 3, 0),
        ("def f():\n    def g():\n        x = 1\n        return x\n    return g", 2, 0),
    ],
)
def test_the_counting_itself(source, statements, arguments):
    function = next(functions(ast.parse(source)))
    assert num_statements(function) == statements
    assert num_arguments(function) == arguments
