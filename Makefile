# Everything goes through here. Needs Python 3.11+ and make; the rest is installed into .venv.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The newest Python from 3.11 on that has venv; override with PYTHON=/path/to/python.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
UV_VERSION := 0.13.9
RUN := .venv/bin/python -m
# Prompts for the demo: one as it is, or several in double quotes. Never read by a shell.
PROMPTS ?=
export PROMPTS

.PHONY: help demo local chat test lint types unit e2e soak generate format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Installing is quiet unless it fails, and is repeated only when the lock file changed.
.venv/.installed: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; none was found." >&2; exit 1; }
	@echo "Installing the locked packages into .venv (once; about a minute of download) ..."
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --quiet --frozen --inexact --no-python-downloads --compile-bytecode --python .venv/bin/python
	@touch $@

demo: .venv/.installed ## The main job, on this machine: three prompts through the real service code
	@$(RUN) local.demo

local: .venv/.installed ## The whole stack on loopback until Ctrl-C
	@$(RUN) local

chat: .venv/.installed ## A terminal session with it (CONFIG=file for a deployed system)
	@$(RUN) local.chat $(if $(CONFIG),--config $(CONFIG)) $(CHAT)

test: lint types unit e2e ## Lint, types, unit, contract and end-to-end tests
	@echo "Note: client-macos/ is not built yet, so there were no client tests to run."

lint: .venv/.installed
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(RUN) services.contract.generate --check

types: .venv/.installed
	@.venv/bin/pyright

unit: .venv/.installed
	@.venv/bin/pytest -m "not e2e"

e2e: .venv/.installed
	@.venv/bin/pytest -m "e2e and not soak" --timeout 300

soak: .venv/.installed ## Every part killed in turn, and ten demos in a row
	@.venv/bin/pytest -m soak --timeout 300
	@for i in 1 2 3 4 5 6 7 8 9 10; do echo "--- demo $$i of 10"; $(RUN) local.demo --brief || exit 1; done

generate: .venv/.installed ## Write what is generated from services/contract
	@$(RUN) services.contract.generate

format: .venv/.installed
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean: ## Remove what was installed and produced
	rm -rf .venv .local .pytest_cache .ruff_cache
