# Two commands on a fresh machine (Python 3.11+, git, make; no root):
#   make talk    set up, then make a talking video:  make talk AUDIO=speech.wav VIDEO=me.mp4
#                and beside it a page that shows how it was made
#   make test    set up, then run every check, the quick ones first
# Set-up is a virtual environment in .venv with the exact versions of constraints.txt; pip takes
# packages from wherever the user's own pip configuration says.

.DEFAULT_GOAL := help
.PHONY: help setup talk test package types torture torture-short format clean

# PYTHON: the interpreter to build .venv with; by default the first that is new enough.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif

# DEVICE: auto, cpu or cuda. Only cuda installs the GPU build of onnxruntime, in the place of the
# other one (they share their module's name); an environment keeps its kind until DEVICE says so.
DEVICE ?= auto
EXTRA := $(if $(filter cuda,$(DEVICE)),gpu,$(if $(filter cpu,$(DEVICE)),cpu,$(if $(wildcard .venv/ready-gpu),gpu,cpu)))
OTHER := $(if $(filter gpu,$(EXTRA)),cpu,gpu)
RUNTIME := $(if $(filter gpu,$(EXTRA)),onnxruntime-gpu,onnxruntime)
STAMP := .venv/ready-$(EXTRA)
BIN := .venv/bin

# The user's files. They reach the shell as environment variables, unexpanded, so that spaces,
# quotes, dollars and any letters work.
AUDIO ?=
VIDEO ?=
PHOTO ?=
OUT ?= out/talk.mp4
QUALITY ?= draft
override AUDIO := $(value AUDIO)
override VIDEO := $(value VIDEO)
override PHOTO := $(value PHOTO)
override OUT := $(value OUT)
export AUDIO VIDEO PHOTO OUT QUALITY DEVICE

help:
	@echo "make talk [AUDIO=speech.wav] [VIDEO=me.mp4 | PHOTO=me.jpg] [OUT=$(OUT)]"
	@echo "          [QUALITY=draft|standard|best] [DEVICE=auto|cpu|cuda] [PYTHON=python3.12]"
	@echo "make test [JOBS=3]   every check, the quick first: ruff, mypy, pytest, a little torture"
	@echo "make package  wheel and source archive into dist, checked; a first video from the wheel"
	@echo "make types    what the type checker says"
	@echo "make torture  kill, starve and damage the store: about an hour;"
	@echo "              writes benchmarks/results/torture.json and its section of RESULTS.md"
	@echo "make torture-short   a little of each, in minutes"
	@echo "make format   let ruff lay out the code"
	@echo "make clean    remove .venv, caches and build leftovers (no results)"

setup: $(STAMP)
	@:

$(STAMP): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  found=$$("$(PYTHON)" --version 2>/dev/null | head -n 1); \
	  echo "talkgraph needs Python 3.11 or newer; '$(PYTHON)' is $${found:-not a Python that runs}." \
	    "Say which one to use: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv || { rm -rf .venv; \
	  echo "'$(PYTHON)' cannot make virtual environments (on Debian: the package python3-venv)." \
	    "Say which Python to use: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Setting up .venv with the $(EXTRA) packages of constraints.txt; a few minutes, once."
	@if test -e .venv/ready-$(OTHER); then rm -f .venv/ready-*; \
	  $(BIN)/python -m pip uninstall -qq -y onnxruntime onnxruntime-gpu; fi
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[$(EXTRA),dev]' || { \
	  echo "pip could not install the packages (its message is above). Check the network and" \
	    "'pip config list', then run make again." >&2; exit 1; }
	@touch $(STAMP)

# Without AUDIO, VIDEO or PHOTO the built-in speech and public-domain photo take their place.
talk: $(STAMP)
	@$(BIN)/talkgraph models pull
	@case "$$OUT" in out/*) mkdir -p out;; esac
	@$(BIN)/talkgraph talk --sample $${AUDIO:+"--audio=$$AUDIO"} $${VIDEO:+"--video=$$VIDEO"} \
	  $${PHOTO:+"--photo=$$PHOTO"} "--output=$$OUT" "--quality=$$QUALITY" "--device=$$DEVICE" \
	  "--report=$${OUT%.*}.html"

# JOBS: so many processes share the tests: one more than two cores, as some tests wait. What shares
# costly fixtures stays together (tests/conftest.py). Torture forks, so it has a process without threads of others; as it keeps one
# core busy at most, the type checker runs beside it.
JOBS ?= 3
test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types torture-short

# Of the same Python as .venv; into folders of its own, but for dist. Downloads all packages anew.
package: $(STAMP)
	$(BIN)/python -m tests.wheel --keep dist

types: $(STAMP)
	$(BIN)/mypy

torture-short: $(STAMP)
	$(BIN)/python -m pytest tests/torture

torture: $(STAMP)
	$(BIN)/python -m tests.torture --json benchmarks/results/torture.json --section benchmarks/RESULTS.md

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
