# Thin aliases; every target makes the environment first when it is missing or out of date.
# ARGS are passed on: make train ARGS='stop.minutes=20 run.dir=runs/first'

VENV ?= .venv
# The first Python that fits: 3.11, 3.12 or 3.13.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo "$$python" && break; done)
# On ARM, where OpenVINO is no default: EXTRAS=dev,openvino may make inference faster.
EXTRAS ?= dev
# Without an NVIDIA GPU: TORCH_INDEX=https://download.pytorch.org/whl/cpu takes 0.9 GB instead of 4.5 GB.
TORCH_INDEX ?=
ARGS ?=

BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(EXTRAS)
FAST := not slow and not ray and not gpu
# Files of tests side by side; with more processes the compiling of kernels would eat the gain. One that
# crashes ends the run: its successor would wait for ever for the files that were its own.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --max-worker-restart 0
HAS_GPU := $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU && echo yes)

.DEFAULT_GOAL := help
.PHONY: help env train test test-all mutants lint fmt smoke chaos soak gpu-check bench goldens leela-zero katago constraints

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

env: $(READY)  ## the environment in .venv

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

train: $(READY)  ## trains 9x9 from self-play until Ctrl-C; goes on where it stopped
	$(BIN)/python -m alphazero.run conf=9x9 $(ARGS)

test: $(READY)  ## the fast tests
	$(BIN)/python -m pytest -q $(PARALLEL) $(ARGS)

test-all: $(READY)  ## slow and Ray tests, GPU tests where there is one, two more numba lanes
	$(BIN)/python -m pytest -q -m "slow and not ray" $(PARALLEL) $(ARGS)
	$(BIN)/python -m pytest -q -m ray -n 2 --dist loadfile --max-worker-restart 0 $(ARGS)
	$(if $(HAS_GPU),$(BIN)/python -m pytest -q -m gpu $(ARGS))
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest -q -m "$(FAST)" tests/go tests/search $(PARALLEL) $(ARGS)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -m "$(FAST)" tests/go tests/search $(PARALLEL) $(ARGS)

mutants: $(READY)  ## puts bugs into copies of the project: the tests must find each
	$(BIN)/python -m tests.mutants $(ARGS)

lint: $(READY)  ## ruff, pyright, import directions, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell

fmt: $(READY)  ## formats the code and mends what ruff can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

smoke: $(READY)  ## the whole loop on 5x5 from nothing, then a table that shows what it learned
	rm -rf runs/smoke
	$(BIN)/python -m alphazero.run conf=smoke run.dir=runs/smoke $(ARGS)
	$(BIN)/python -m tools.smoke_table runs/smoke

chaos: $(READY)  ## ten minutes of kills on three Ray nodes of this machine (needs root)
	rm -rf runs/chaos
	$(BIN)/python -m tools.chaos --folder runs/chaos $(ARGS)

soak: $(READY)  ## half an hour of self-play at the smoke test's size: no process may grow
	rm -rf runs/soak
	$(BIN)/python -m tools.soak runs/soak $(ARGS)

gpu-check: $(READY)  ## all that waits for an NVIDIA GPU, in eight minutes: a table and a report
	$(BIN)/python -m tools.gpu_check $(ARGS)

bench: $(READY)  ## what this machine reaches
	$(BIN)/python -m alphazero.bench $(or $(ARGS),selfplay)

goldens: $(READY)  ## rewrites tests/golden; the diff belongs in the change
	$(BIN)/python -m pytest -q -m "not ray and not gpu" --goldens $(ARGS)

leela-zero: $(READY)  ## Leela Zero for 9x9 in our cache folder, for a slow test
	$(BIN)/python -m tools.build_leela_zero

katago: $(READY)  ## KataGo for a CPU in our cache folder, for slow tests
	$(BIN)/python -m tools.fetch_katago

constraints: $(READY)  ## pins the newest versions again
	@{ sed '/^#/!d' constraints.txt; echo 'torch==2.13.0' | $(BIN)/uv pip compile --quiet --universal --all-extras \
		--fork-strategy fewest --no-annotate --no-header -c /dev/stdin pyproject.toml \
		| grep -vE '^(nvidia|cuda)-'; } > constraints.new
	mv constraints.new constraints.txt
