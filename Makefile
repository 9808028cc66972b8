# The only doorway: `make help` lists what there is. Everything runs inside .venv, which is set up on first use.

VENV    := .venv
BIN     := $(VENV)/bin
PLANT   ?=
TARGET  ?= sim
SEEDS   ?=
AGAINST ?=
ONLY    ?=
RUNS    ?=
MINUTES ?= 240
PORT    ?=

# The newest suitable Python on this machine, 3.11 at the oldest; `make PYTHON=/path/to/python3` overrides.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2])
PYTHON  ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
             command -v $$python >/dev/null 2>&1 && $$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && break; done)

# The tests start hundreds of processes: what these import is compiled once.
unexport PYTHONDONTWRITEBYTECODE

CODE    := firmware boards host_tools hil_tests
RUN      = PYTHONPATH=.:firmware:firmware/tests/shim $(BIN)/python -m

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-fast test-busy campaign mutate lint bench bench-board hil safety emulated firmware flash docs picture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run ## set up .venv with what a user needs

setup-dev: $(VENV)/.dev ## set up .venv with what the tests need as well

demo: $(VENV)/.run ## press, hold and log a Li6PS5Cl pellet on the simulated press (under 90 s); results in build/demo
	@$(BIN)/stackpress demo --out build/demo

test: $(VENV)/.dev ## build every image and run every test, those on the emulated board included (about 15 minutes on two cores, 20 where nothing is fetched yet)
	@$(RUN) hil_tests.suites test

test-fast: $(VENV)/.dev ## run the host's tests and the simulated press's only (minutes)
	@$(BIN)/python -m pytest -n auto --dist worksteal

campaign: $(VENV)/.dev ## run what takes longer than make test: long scenarios on the emulated board, many seeds, all figures (hours)
	@$(RUN) hil_tests.suites campaign

mutate: $(VENV)/.dev ## change lines of what keeps people safe and count the changes that no test sees; MINUTES=240 at most
	@$(RUN) hil_tests.campaign.mutants --minutes $(MINUTES)

lint: $(VENV)/.dev ## ruff over everything, mypy over the host's code and the board's
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy host_tools/stackpress hil_tests/targets hil_tests/scenario.py \
	  hil_tests/player.py hil_tests/run.py hil_tests/expectations.py hil_tests/bundle.py hil_tests/short_program.py hil_tests/suites.py \
	  hil_tests/devices/recorder.py hil_tests/campaign hil_tests/witness/node.py hil_tests/witness/second_emulator.py
	@$(BIN)/python boards/typings.py build/typings
	@$(BIN)/mypy --config-file boards/mypy.ini

test-busy: $(VENV)/.dev ## run make test RUNS=3 times beside four busy processes and count the failures: build/test_busy.json
	@RUNS="$(RUNS)" $(RUN) hil_tests.suites busy

bench: $(VENV)/.dev ## measure the figures against their goals: build/bench.json; PLANT=FILE takes another plant, AGAINST=COMMIT another commit as well
	@$(if $(AGAINST),$(RUN) hil_tests.bench.against "$(AGAINST)",$(BIN)/python -m hil_tests.bench $(if $(PLANT),--plant "$(PLANT)") \
	  $(if $(SEEDS),--seeds "$(SEEDS)")) $(if $(ONLY),--only "$(ONLY)")

safety: $(VENV)/.dev ## print the requirements of firmware/SAFETY.md with the tests of each; fails on a gap
	@$(RUN) hil_tests.safety_matrix

hil: $(VENV)/.dev ## run the scenarios; TARGET=sim, emulator (a real image on an emulated RP2040), or serial with PORT=/dev/ttyACM0
	@TARGET="$(TARGET)" PORT="$(PORT)" $(RUN) hil_tests.suites hil

emulated: $(VENV)/.dev ## run a board's image on an emulated chip and say its port, until Ctrl-C; BOARD=dryrun
	@$(RUN) hil_tests.targets.running_chip $(or $(BOARD),dryrun)

firmware: $(VENV)/.dev ## build the image of a board, build/images/BOARD/firmware.uf2; BOARD=pico, MICROPYTHON=1.25 or 1.26, MPY_DIR=a checkout
	@$(if $(MPY_DIR),MPY_DIR="$(MPY_DIR)") $(if $(MICROPYTHON),MICROPYTHON="$(MICROPYTHON)") $(BIN)/python -m boards.images.build $(or $(BOARD),pico)

flash: $(VENV)/.run ## put the image that was built onto the board that is attached; BOARD= where a boot drive can't say
	@$(BIN)/stackpress flash $(if $(BOARD),--board $(BOARD))

bench-board: firmware ## measure the image on the emulated chip against its goals: build/bench_board.json (3 minutes)
	@$(BIN)/python -m boards.images.build dryrun
	@$(RUN) hil_tests.bench.board

docs: $(VENV)/.dev ## write anew what is made from tables: blackboard constants, SCPI.md, INTERLOCKS.md, PROGRAMS.md, PARAMETERS.md, COLUMNS.md, boards' drawings
	@$(BIN)/python firmware/layout.py
	@$(BIN)/python firmware/scpi_reference.py
	@$(BIN)/python firmware/interlock_reference.py
	@$(BIN)/python -m stackpress.program_doc > firmware/stackpress_core/recipe/PROGRAMS.md
	@$(BIN)/python -m stackpress.config > boards/PARAMETERS.md
	@$(BIN)/python host_tools/import_graph.py
	@$(BIN)/python -m stackpress.logs.columns > host_tools/stackpress/logs/COLUMNS.md
	@$(BIN)/python -m boards.papers

picture: demo ## make the README's picture anew from a demo run
	@cp build/demo/plot.png host_tools/pressed_pellet.png

clean: ## remove what was built and the virtual environment
	@rm -rf build $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "stackpress needs Python 3.11 or newer, and none was found: install one, or say" \
	  "make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "could not make a virtual environment with $(PYTHON): on Debian or Ubuntu" \
	  "install the package python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "setting up $(VENV) with the test tools ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@ $(VENV)/.run
