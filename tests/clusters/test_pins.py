"""Tests that constraints.txt lets uv choose the build of torch for the driver of a node."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.clusters import package_index

UV = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
needs_uv = pytest.mark.skipif(UV is None, reason="needs uv")
# Build of torch 2.13 for each driver: the newest of its CUDA's major version. None: no NVIDIA card.
DRIVERS = {"610.43.02": "cu132", "580.65.06": "cu132", "570.133.20": "cu129", "535.183.01": "cu129"}
CPU_ONLY = {None: "cpu", "470.256.02": "cpu"}
_TOOLKITS = {"cu132": "13.2.1", "cu130": "13.0.3.0", "cu129": "12.9.1", "cu126": "12.6.3"}


def names(project):
    lines = (project / "constraints.txt").read_text().splitlines()
    return {line.partition("==")[0]: line for line in lines if not line.startswith("#")}


def torch_pin(project):
    return names(project)["torch"].partition("==")[2]


def test_torch_is_pinned_and_its_build_is_not(project):
    pinned = names(project)
    assert "+" not in pinned["torch"]
    assert [name for name in pinned if re.match(r"nvidia-|cuda-", name)] == []


def test_the_rest_is_pinned(project):
    wanted = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    lists = [wanted["dependencies"], *wanted["optional-dependencies"].values()]
    asked = {re.split(r"[\[>=]", word)[0].lower().replace("_", "-") for words in lists for word in words}
    assert asked - names(project).keys() == set()


def test_make_writes_no_pins_of_cuda(project):
    """The filter of the Makefile's recipe, applied to uv's output."""
    recipe = (project / "Makefile").read_text().partition("\nconstraints:")[2]
    found = re.search(r"grep -vE '(.+?)'", recipe)
    assert found
    lines = ["cuda-toolkit==13.0.3.0 ; x", "nvidia-nccl-cu13==2.29.7", "torch==2.13.0", "numba==0.68.1"]
    assert [line for line in lines if not re.search(found[1].replace("$$", "$"), line)] == lines[2:]


@pytest.fixture(scope="module")
def index(tmp_path_factory, project):
    """The indexes that uv reads on a node, with the builds of torch and their requirements of CUDA."""
    torch = torch_pin(project)
    places = {"simple": {"cuda-toolkit": {version: [] for version in _TOOLKITS.values()}}}
    for build, toolkit in _TOOLKITS.items():
        places[f"whl/{build}"] = {"torch": {f"{torch}+{build}": [f"cuda-toolkit=={toolkit}"]}}
    places["whl/cpu"] = {"torch": {f"{torch}+cpu": []}}
    one = package_index.Index(tmp_path_factory.mktemp("index"), places)
    yield one
    one.close()


def compile_torch(project, tmp_path, driver, constraints, **variables):
    """The build of torch on a node with this driver, with the arguments of the cluster files' commands."""
    (tmp_path / "in.txt").write_text("torch>=2.13\n")
    assert UV is not None
    command = [UV, "pip", "compile", "--quiet", "--torch-backend=auto", "-c", str(constraints), "in.txt"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], **variables}
    if driver is not None:
        environment["UV_CUDA_DRIVER_VERSION"] = driver
    done = subprocess.run(
        [*command, "--python", sys.executable, "--no-cache"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"^torch==([\d.]+)\+(\w+)$", done.stdout, re.MULTILINE)
    assert found and found[1] == torch_pin(project), done.stdout
    return found[2]


def at(index):
    return {
        "HTTPS_PROXY": index.address,
        "NO_PROXY": "127.0.0.1",
        "SSL_CERT_FILE": str(index.certificate),
        "UV_DEFAULT_INDEX": f"{index.address}/simple",
    }


@needs_uv
@pytest.mark.slow
@pytest.mark.parametrize(("driver", "build"), [*DRIVERS.items(), *CPU_ONLY.items()])
def test_every_driver_gets_its_build(driver, build, index, project, tmp_path):
    found = compile_torch(project, tmp_path, driver, project / "constraints.txt", **at(index))
    assert found == build


@needs_uv
@pytest.mark.slow
def test_a_pin_of_cuda_would_leave_older_drivers_a_cpu_build(index, project, tmp_path):
    """The reason why constraints.txt has no such pin: uv silently takes the CPU build."""
    pins = tmp_path / "pins.txt"
    pins.write_text((project / "constraints.txt").read_text() + "cuda-toolkit==13.0.3.0\n")
    assert compile_torch(project, tmp_path, "570.133.20", pins, **at(index)) == "cpu"
    assert compile_torch(project, tmp_path, "580.65.06", pins, **at(index)) == "cu130"


@needs_uv
@pytest.mark.slow
@pytest.mark.parametrize("driver", DRIVERS)
def test_the_real_index_has_a_build_for_every_driver(driver, project, tmp_path):
    try:
        urllib.request.urlopen(f"https://{package_index.TORCH_HOST}/whl/cpu/torch/", timeout=10).close()
    except (urllib.error.URLError, TimeoutError) as error:
        pytest.skip(f"PyTorch's index is out of reach: {error}")
    build = compile_torch(project, tmp_path, driver, project / "constraints.txt")
    assert build.startswith("cu13" if int(driver.partition(".")[0]) >= 580 else "cu12")
