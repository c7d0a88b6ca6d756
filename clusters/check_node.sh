#!/bin/bash
# Checks of a node during its setup (cluster.yaml). A node without an NVIDIA card passes all of them.
#   check_node.sh driver         waits until NVIDIA's driver answers
#   check_node.sh cuda PYTHON    fails unless torch computes on every card
# A failure is one line on stderr; Ray shows it and gives up the node.
set -u

PCI=${CHECK_NODE_PCI:-/sys/bus/pci/devices}
WAIT_S=${CHECK_NODE_WAIT_S:-900}
# The smallest Linux drivers of CUDA 12 and 13 (NVIDIA's notes on minor version compatibility).
CUDA12_DRIVER=525 CUDA13_DRIVER=580
INSTALL='~/.local/bin/uv pip install --python ~/.venv --reinstall-package torch --torch-backend=auto -c ~/alphazero/constraints.txt torch'

fail() {
    echo "check_node: $(hostname): $*" >&2
    exit 1
}

# Whether there is a display or 3D controller by NVIDIA; a virtual machine shows the cards that were passed to it.
has_card() {
    for device in "$PCI"/*; do
        [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
        case $(cat "$device/class" 2>/dev/null) in 0x03*) return 0 ;; esac
    done
    answers # cards without a PCI device: WSL, some containers
}

answers() {
    timeout 30 nvidia-smi -L 2>/dev/null | grep -q '^GPU '
}

# Google's images install the driver at the first start, which takes minutes and may restart the machine.
wait_for_driver() {
    end=$((SECONDS + WAIT_S))
    until answers; do
        [ "$SECONDS" -lt "$end" ] ||
            fail "it has an NVIDIA card, but nvidia-smi did not answer within $WAIT_S s:" \
                "install NVIDIA's driver ($CUDA13_DRIVER or newer; $CUDA12_DRIVER or newer for the CUDA 12 build of torch)," \
                "or take check_node.sh out of setup_commands to leave the card unused; then ray up again"
        sleep "${CHECK_NODE_PAUSE_S:-5}"
    done
}

# Prints one line: CUDA version of the build, number of cards that computed, torch's version, and the error.
PROBE='
import warnings
warnings.simplefilter("ignore")
import torch
build, cards, error = torch.version.cuda or "none", 0, ""
try:
    for index in range(torch.cuda.device_count()):
        assert torch.ones(2, device=f"cuda:{index}").sum().item() == 2
        cards += 1
    torch.cuda.init()
except Exception as caught:
    error = " ".join(str(caught).split())[:300]
print(build, cards, torch.__version__, error)
'

check_cuda() {
    driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1)
    [ -n "$driver" ] || fail "it has an NVIDIA card, but nvidia-smi does not answer: install NVIDIA's driver"
    present=$(nvidia-smi -L | grep -c '^GPU ')
    said=$("$1" -c "$PROBE" 2>&1) || fail "torch cannot be imported: ${said##*$'\n'}"
    read -r build cards version error <<< "${said##*$'\n'}"
    [ "$cards" != "$present" ] || return 0
    major=${driver%%.*}
    needed=$CUDA12_DRIVER
    [ "${build%%.*}" = 13 ] && needed=$CUDA13_DRIVER
    if [ "$major" -lt "$needed" ]; then
        fail "driver $driver is too old for torch $version: CUDA ${build%%.*} needs $needed or newer." \
            "Install a newer driver, or a build of torch that fits this one: $INSTALL"
    elif [ "$build" = none ]; then
        fail "torch $version was built without CUDA, though driver $driver is there." \
            "Install the build that fits: $INSTALL"
    fi
    fail "torch $version computes on $cards of $present cards (driver $driver): ${error:-they are hidden from it}." \
        "A card that is older than the build supports may need UV_TORCH_BACKEND=cu126; cards on NVLink need nvidia-fabricmanager"
}

case "${1:-}" in
    driver | cuda) has_card || exit 0 ;;&
    driver) wait_for_driver ;;
    cuda) check_cuda "${2:?python}" ;;
    *)
        echo "usage: check_node.sh driver | cuda PYTHON" >&2
        exit 2
        ;;
esac
