"""Tests of clusters/check_node.sh: it waits for drivers and reports why torch cannot use a card."""

import sys

import pytest

from tests.clusters import programs

NVIDIA, OTHER, DISPLAY, NETWORK = "0x10de", "0x8086", "0x030200", "0x020000"
SMI = """
case "$*" in
    -L) for card in $(seq {cards}); do echo "GPU $card: NVIDIA L4 (UUID: GPU-$card)"; done ;;
    *) for card in $(seq {cards}); do echo {driver}; done ;;
esac
"""
# Output of torch in `check_node.sh`: CUDA of the build, cards that computed, version, error.
CASES = {
    "all cards compute": ("580.65.06", 4, "13.0 4 2.13.0+cu130", None),
    "an older driver with its build": ("535.183.01", 1, "12.6 1 2.13.0+cu126", None),
    "warnings before the answer": ("580.65.06", 1, "UserWarning: x\n13.0 1 2.13.0+cu130", None),
    "CPU build": ("580.65.06", 1, "none 0 2.13.0+cpu not compiled with CUDA", "built without CUDA"),
    "CPU build, old driver": ("470.1", 1, "none 0 2.13.0+cpu", "CUDA none needs 525 or newer"),
    "CUDA 13 on driver 570": ("570.133.20", 1, "13.0 0 2.13.0+cu130 too old", "CUDA 13 needs 580 or newer"),
    "CUDA 12 on driver 470": ("470.256.02", 1, "12.6 0 2.13.0+cu126 too old", "CUDA 12 needs 525 or newer"),
    "no kernels": ("580.65.06", 1, "13.0 0 2.13.0+cu130 no kernel image", "no kernel image"),
    "hidden cards": ("580.65.06", 8, "13.0 2 2.13.0+cu130", "computes on 2 of 8 cards"),
}


@pytest.fixture
def node(tmp_path, project):
    """A fake node with its PCI bus and programs; `check` runs the script there."""

    class Node:
        bin = tmp_path / "bin"
        pci = tmp_path / "pci"

        def add_device(self, vendor, kind):
            device = self.pci / f"0000:0{len(list(self.pci.glob('*')))}:00.0"
            device.mkdir(parents=True)
            (device / "vendor").write_text(vendor + "\n")
            (device / "class").write_text(kind + "\n")

        def add_driver(self, driver, cards):
            return programs.write(self.bin, "nvidia-smi", SMI.format(driver=driver, cards=cards))

        def add_python(self, said):
            return str(programs.write(self.bin, "python", f"cat <<'END'\n{said}\nEND"))

        def check(self, *words, **variables):
            quick = {"CHECK_NODE_PCI": str(self.pci), "CHECK_NODE_WAIT_S": "1", "CHECK_NODE_PAUSE_S": "0.1"}
            script = project / "clusters" / "check_node.sh"
            return programs.run(script, *words, programs=self.bin, **{**quick, **variables})

    one = Node()
    one.add_device(OTHER, DISPLAY)
    one.add_device(NVIDIA, NETWORK)  # NVIDIA's network cards are not GPUs
    programs.write(one.bin, "nvidia-smi", "exit 127")
    return one


def fails(done, *texts):
    """Asserts that the script failed with one line that contains the texts."""
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("check_node: ") and done.stderr.count("\n") == 1, done.stderr
    for text in texts:
        assert text in done.stderr
    return True


def test_nodes_without_a_card_pass_at_once(node):
    assert node.check("driver", CHECK_NODE_WAIT_S="100").returncode == 0
    assert node.check("cuda", "/no/such/python").returncode == 0


def test_a_driver_that_never_comes_is_reported(node):
    node.add_device(NVIDIA, DISPLAY)
    assert fails(node.check("driver"), "nvidia-smi did not answer within 1 s", "580 or newer")


def test_a_driver_is_waited_for(node):
    node.add_device(NVIDIA, DISPLAY)
    late = f"[ -e {node.bin}/later ] || {{ touch {node.bin}/later; exit 9; }}\n"
    programs.write(node.bin, "nvidia-smi", late + SMI.format(driver="580.1", cards=1))
    assert node.check("driver", CHECK_NODE_WAIT_S="60").returncode == 0
    assert (node.bin / "later").exists()


def test_cards_without_a_bus_are_seen(node):
    """WSL and some containers show no PCI devices, but nvidia-smi answers."""
    node.add_driver("580.1", 1)
    assert fails(node.check("cuda", node.add_python("none 0 2.13.0+cpu")), "built without CUDA")


@pytest.mark.parametrize("name", CASES)
def test_torch_must_compute_on_every_card(node, name):
    driver, cards, said, reason = CASES[name]
    node.add_device(NVIDIA, DISPLAY)
    node.add_driver(driver, cards)
    done = node.check("cuda", node.add_python(said))
    if reason is None:
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    else:
        assert fails(done, reason, driver, said.split()[2])


def test_a_missing_torch_is_reported(node):
    node.add_driver("580.1", 1)
    python = programs.write(node.bin, "python", "echo \"No module named 'torch'\" >&2; exit 1")
    assert fails(node.check("cuda", str(python)), "torch cannot be imported: No module named 'torch'")


@pytest.mark.slow
def test_the_question_to_torch_itself(node):
    """The script calls the real torch of this machine, which has no GPU."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU that torch uses")
    node.add_driver("999.1", 1)
    assert fails(node.check("cuda", sys.executable), torch.__version__)


@pytest.mark.parametrize("words", [(), ("drivers",), ("cuda",)])
def test_other_words_are_refused(node, words):
    node.add_driver("580.1", 1)
    assert node.check(*words).returncode != 0
