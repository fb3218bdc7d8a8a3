# Patchboard: `make help` lists what there is.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python that is new enough; another one is taken with PYTHON=/path/to/python3.12.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
LOCAL := $(BIN)/python -m webapp.kit.local
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without its compiled files Python starts three times as slowly.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check bench mutants coverage setup setup-tests lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/	/' | expand -t 14

run: setup  ## everything on this machine, with a demo fleet the first time (PORT, HOST, DEMO=no)
	@$(LOCAL) run

test: setup-tests  ## the whole test suite on throwaway databases (ARGS="-k name" goes to pytest)
	@$(LOCAL) test $(ARGS)

check: setup-tests  ## lint, types, import contracts, templates, audits
	@$(LOCAL) check

bench: setup-tests  ## the benchmarks
	@$(BIN)/python -m tests.bench $(ARGS)

mutants: setup-tests  ## mutation testing of policy, tokens and paging (ARGS="webapp.kit.listing*" takes a part)
	@$(BIN)/python -m tests.mutants $(ARGS)

# What is to be covered whole, lines and branches: who somebody is, what they may, what is secret, where a list goes on.
GUARDED := webapp/accounts/policy.py,webapp/accounts/identity.py,webapp/accounts/values.py,webapp/accounts/actions/signing.py,webapp/accounts/queries/signing.py,webapp/kit/permissions.py,webapp/kit/secrets.py,webapp/kit/signatures.py,webapp/kit/listing.py,webapp/kit/web/cursors.py

coverage: setup-tests  ## the whole test suite with its coverage: 90 % at least, and all of what guards the product
	@$(LOCAL) test -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --fail-under=90
	@$(BIN)/coverage report --include=$(GUARDED) --fail-under=100

setup: $(VENV)/.installed  ## the environment and the front-end files, without starting anything
	@$(LOCAL) vendor

lock:  $(VENV)/.installed-tests  ## locks the dependencies of pyproject.toml and package.json anew (ARGS=--upgrade)
	@UV_CUSTOM_COMPILE_COMMAND="make lock" sh -ec ' \
	lock() { $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url $(ARGS) "$$@"; }; \
	lock pyproject.toml -o requirements.txt; \
	lock --group dev -c requirements.txt -o tests/requirements.txt; \
	lock --group node -o webapp/kit/local/node.txt; \
	npm install --package-lock-only'

clean:  ## removes the environment and what was built; instance/ with its data stays
	rm -rf $(VENV) node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage mutants

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Patchboard needs Python 3.11 or newer: install it, or say where it is, as in: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	echo "This Python cannot make virtual environments: install its venv package (on Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing the Python packages …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt || { \
	echo "The Python packages could not be installed; what pip said stands above. Where it compiled something: install a C compiler, make and Python's headers." >&2; exit 1; }
	@touch $@

$(VENV)/.installed-tests: tests/requirements.txt $(VENV)/.installed
	@echo "Installing the packages for tests …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r tests/requirements.txt
	@touch $@

setup-tests: $(VENV)/.installed-tests setup
