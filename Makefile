# Two commands for a fresh machine with Python 3.11+, git and make: `make demo` and `make test`.
# Everything else they need is installed into .venv, from hash-pinned locks; nothing outside this folder is changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

JOBS ?= 2
PYTEST ?=
VENV := .venv
PY := $(VENV)/bin/python
DEV := $(VENV)/.dev $(VENV)/.project
AIRFLOW_VENV ?= .venv-airflow
RELEASE_VENV ?= .venv-release
AIRFLOW := $(AIRFLOW_VENV)/.project
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url $(UPGRADE)

.PHONY: help demo test test-fast test-long test-airflow test-deploy test-recovery airflow test-web bench lint types imports check format schema docs lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

demo: $(VENV)/.project ## load the bundled sample, print converted prices with receipts, serve the page and the API
	$(VENV)/bin/ticker-converter demo $(ARGS)

test: $(DEV) ## the whole suite (JOBS=2 processes; PYTEST="-k name" narrows it)
	$(PY) -m pytest -n $(JOBS) $(PYTEST)

test-fast: $(DEV) ## the suite without the tests marked slow
	$(PY) -m pytest -n $(JOBS) -m "not slow" $(PYTEST)

test-long: $(DEV) ## the generated tests alone: 10,000 examples of each property, then a table of them
	HYPOTHESIS_PROFILE=long $(PY) -m pytest -n $(JOBS) --dist worksteal -m generated -o faulthandler_timeout=0 $(PYTEST)

airflow: $(AIRFLOW) ## a whole Airflow on this machine, at http://127.0.0.1:8080 (ARGS="--port 9080" for another port)
	PATH="$(CURDIR)/$(AIRFLOW_VENV)/bin:$$PATH" $(AIRFLOW_VENV)/bin/ticker-converter airflow up --dags dags $(ARGS)

test-airflow: $(DEV) $(AIRFLOW) ## the DAGs in a real Airflow: each alone, the scheduler, killed workers, Celery
	TICKER_CONVERTER_TEST_AIRFLOW=$(AIRFLOW_VENV) $(PY) -m pytest -n 0 -o faulthandler_timeout=0 tests/airflow $(PYTEST)

test-web: $(DEV) ## the web app's pages in Chromium (apt-get install chromium)
	TICKER_CONVERTER_TEST_BROWSER=1 $(PY) -m pytest -n $(JOBS) tests/web $(PYTEST)
test-deploy: $(DEV) ## the stack in containers, started and tried (root, Docker; ARGS=--short, --write, --keep)
	$(PY) deploy/testing/check.py $(ARGS)

test-recovery: $(DEV) ## backup, drill, restore of a server (root; apt-get install postgresql-15 pgbackrest nginx-light)
	TICKER_CONVERTER_TEST_PGBACKREST=1 $(PY) -m pytest -n 0 -o faulthandler_timeout=0 tests/recovery $(PYTEST)

bench: $(DEV) ## the measured ratios
	$(PY) -m benchmarks $(ARGS)

lint: $(DEV) ## style and format
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(DEV) ## types, strictly
	$(VENV)/bin/mypy

imports: $(DEV) ## which room may import which
	$(VENV)/bin/lint-imports --no-cache

check: lint types imports test ## all of the above

format: $(DEV) ## rewrite the sources in the project's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

schema: $(DEV) ## write sql/schema.sql from the migrations
	$(PY) -m tools.schema

docs: $(DEV) ## write docs/reference from the code
	$(PY) -m tools.reference

lock: $(DEV) ## write requirements/*.lock anew (UPGRADE=--upgrade for newer versions)
	$(COMPILE) --group build -o requirements/build.lock
	$(COMPILE) pyproject.toml -c requirements/build.lock -o requirements/runtime.lock
	$(COMPILE) pyproject.toml --group dev -c requirements/runtime.lock -o requirements/dev.lock
	$(COMPILE) pyproject.toml --extra airflow -o requirements/airflow.lock
	$(COMPILE) --group release -o requirements/release.lock

clean: ## remove the environment and what the tools left (no data)
	rm -rf $(VENV) $(AIRFLOW_VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# ---- the environment: interpreter, locked packages, then the project itself (no download happens in that step) ----

$(VENV)/.python:
	@found=; for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "no Python 3.11 or newer found: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found has no venv module: install it (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; fi; \
	echo "making $(VENV) with $$("$$found" -V)" >&2; \
	"$$found" -m venv --clear $(VENV) && touch $@

$(VENV)/.runtime: $(VENV)/.python requirements/build.lock requirements/runtime.lock
	@echo "installing requirements/runtime.lock" >&2
	@$(PIP) --require-hashes -r requirements/build.lock -r requirements/runtime.lock
	@touch $@

$(VENV)/.project: $(VENV)/.runtime pyproject.toml src/ticker_converter/__init__.py
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	@echo "installing requirements/dev.lock" >&2
	@$(PIP) --require-hashes -r requirements/dev.lock
	@touch $@

# Airflow pins other versions of what we share with it, so it has an environment of its own; uv, because pip takes minutes.
$(AIRFLOW_VENV)/.airflow: $(VENV)/.dev requirements/airflow.lock
	@echo "making $(AIRFLOW_VENV): installing requirements/airflow.lock" >&2
	@$(VENV)/bin/uv venv --quiet --clear --python $(PY) $(AIRFLOW_VENV)
	@$(VENV)/bin/uv pip install --quiet --python $(AIRFLOW_VENV)/bin/python --require-hashes -r requirements/build.lock \
		-r requirements/airflow.lock
	@touch $@

# The tools of deploy/pipeline: they judge what is released and are no part of it.
$(RELEASE_VENV)/.tools: $(VENV)/.dev requirements/release.lock
	@echo "making $(RELEASE_VENV): installing requirements/release.lock" >&2
	@$(VENV)/bin/uv venv --quiet --clear --python $(PY) $(RELEASE_VENV)
	@$(VENV)/bin/uv pip install --quiet --python $(RELEASE_VENV)/bin/python --require-hashes -r requirements/release.lock
	@touch $@

$(AIRFLOW): $(AIRFLOW_VENV)/.airflow pyproject.toml src/ticker_converter/__init__.py
	@$(VENV)/bin/uv pip install --quiet --python $(AIRFLOW_VENV)/bin/python --no-deps --no-build-isolation --no-index -e .
	@touch $@
