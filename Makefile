# Gatepost: `make run` shows it, `make test` proves it. Needs Python 3.11 or newer, Node 20 or newer, GNU make.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PORT ?= 8000
REPORTS_PORT ?= 8001
VENV := .venv
PY := $(VENV)/bin/python
LOCK := requirements/dev.txt
FRONT := examples/todo/frontend
ISSUER := tests/issuers/oidc_provider
# Two workers: the races and faults need a core each to be races at all. In the order of `tests/conftest.py`: by the
# number of their tests, as xdist would have it, the few long ones would come last, on one worker.
PYTEST := $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

front_sources := $(shell find $(FRONT) \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)

.PHONY: help setup run runid reports test check e2e bench format translations lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1	/p' Makefile

setup: $(VENV)/.installed ## the Python environment, from the lock with its hashes

$(VENV)/.locked: $(LOCK)
	@test -x $(PY) || { for python in python3.11 python3.12 python3.13 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; \
		$$python -m venv $(VENV); }
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(LOCK)
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

%/node_modules/.installed: %/package-lock.json %/package.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT)/dist/index.html: $(FRONT)/node_modules/.installed $(front_sources)
	cd $(FRONT) && npm run --silent build
	@touch $@

run: setup $(FRONT)/dist/index.html ## the Todo app on http://localhost:PORT
	cd examples/todo && GATEPOST_ENV=development ../../$(PY) -m backend --port $(PORT)

runid: setup $(FRONT)/dist/index.html $(ISSUER)/node_modules/.installed ## the same with a provider to sign in with, "Example ID"
	GATEPOST_ENV=development $(PY) -m tests.issuers.example_id --port $(PORT)

reports: setup ## a second service, on http://localhost:REPORTS_PORT, that checks the Todo app's tokens
	cd examples/reports && TODO_APP=http://127.0.0.1:$(PORT) ../../$(PY) -m uvicorn service:app \
		--port $(REPORTS_PORT) --log-level warning --timeout-graceful-shutdown 3

test: setup $(FRONT)/dist/index.html $(ISSUER)/node_modules/.installed ## everything: units, races, faults, threats, front end, browser
	cd $(FRONT) && npm test --silent
	$(PYTEST) tests $(wildcard e2e)

e2e: setup $(FRONT)/dist/index.html $(ISSUER)/node_modules/.installed ## the Todo app in a real browser
	$(PY) -m pytest e2e

check: setup $(FRONT)/node_modules/.installed ## format, lint, types, layers, the tree
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	@for script in scripts/check_*.py; do echo "$$script"; $(PY) "$$script" || exit 1; done
	cd $(FRONT) && npm run --silent check

format: setup ## rewrite what can be rewritten
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

translations: setup ## new messages into the catalogs, and the catalogs compiled
	$(PY) scripts/check_translations.py --write

bench: setup ## measure against the peers; writes benchmarks/RESULTS.md
	$(PY) -m benchmarks

# Universal: one lock for every system and Python. No address of a registry is written; the last line proves it.
lock: setup ## compile requirements/dev.txt anew (UPGRADE=1 for newer versions)
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		$(if $(UPGRADE),--upgrade) --quiet --output-file $(LOCK)
	@! grep -n '://' $(LOCK)

clean: ## forget the environments and builds
	rm -rf $(VENV) $(FRONT)/node_modules $(FRONT)/dist $(ISSUER)/node_modules
