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
override PROMPTS := $(value PROMPTS)
export PROMPTS
# Of the deployment's targets: the stack, further arguments of the CLI, the confirmation of a destroy, and
# bootstrap for the program of that name. Never read by a shell either.
STACK ?=
ARGS ?=
CONFIRM ?=
PROJECT ?=
# As they were typed: make would read a variable into the $ of a resource's URN.
override STACK := $(value STACK)
override ARGS := $(value ARGS)
override CONFIRM := $(value CONFIRM)
override PROJECT := $(value PROJECT)
export STACK ARGS CONFIRM PROJECT

.PHONY: help demo local chat preview up destroy doctor client-config build \
	test test-client lint types unit e2e soak generate diagrams format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Installing is quiet unless it fails, and is repeated only when the lock file changed. What runs the stack
# comes first and by itself: Pulumi's packages are large, and only tests and deployment need them.
SYNC := UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --quiet --frozen --inexact --no-python-downloads --python .venv/bin/python

.venv/.installed: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; none was found." >&2; exit 1; }
	@echo "Installing the locked packages into .venv (once; about a minute of download) ..."
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(SYNC) --compile-bytecode --no-default-groups --group ws-manager --group durable --group agent --group local
	@touch $@

.venv/.complete: .venv/.installed
	@echo "Installing the packages of tests and deployment (once) ..."
	@$(SYNC)
	@touch $@

demo: .venv/.installed ## The main job, on this machine: three prompts through the real service code
	@$(RUN) local.demo

local: .venv/.installed ## The whole stack on loopback until Ctrl-C
	@$(RUN) local

chat: .venv/.installed ## A terminal session with it (CONFIG=file for a deployed system)
	@$(RUN) local.chat $(if $(CONFIG),--config $(CONFIG)) $(CHAT)

preview: .venv/.complete ## What `make up STACK=dev` would change
	@$(RUN) deployment.cli preview

up: .venv/.complete ## Deploy to AWS: STACK=dev (ARGS=… for the Pulumi CLI)
	@$(RUN) deployment.cli up

destroy: .venv/.complete ## Remove a stack from AWS: STACK=dev
	@$(RUN) deployment.cli destroy

doctor: .venv/.complete ## What would fail in AWS, and what to do about it: STACK=dev
	@$(RUN) deployment.doctor

client-config: .venv/.complete ## Configuration of the clients of a deployed STACK=dev
	@$(RUN) deployment.client_config

build: .venv/.complete ## The Lambda packages and the agent's build context, into dist/
	@$(RUN) deployment.build

test: lint types unit e2e ## Lint, types, unit, contract and end-to-end tests; the Mac app's where Swift 6 is
	@if $(HAS_SWIFT); then $(TEST_CLIENT); else \
		echo "Note: there is no Swift 6 here, so the tests of client-macos/ were NOT run. make test-client brings one."; fi

# The cache is with-swift.sh's; only root can enter it. OpenStack's client is also called swift.
SWIFT_CACHE := $(if $(DESKSIDE_CACHE),$(DESKSIDE_CACHE),$(HOME)/.cache/deskside)
HAS_SWIFT = swift --version 2>/dev/null | grep -q 'Swift version 6' || \
	{ test -e "$(SWIFT_CACHE)/swift-trixie/.ready-1" && test "$$(id -u)" = 0; }
TEST_CLIENT = DESKSIDE_CACHE="$(SWIFT_CACHE)" client-macos/scripts/test-client.sh

test-client: .venv/.complete ## The Mac app without a Mac: its compiled core, and types of its views (sets Swift up)
	@$(TEST_CLIENT)
	@DESKSIDE_CACHE="$(SWIFT_CACHE)" .venv/bin/pytest -m client --timeout 600

lint: .venv/.complete
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(RUN) services.contract.generate --check

types: .venv/.complete
	@.venv/bin/pyright

unit: .venv/.complete
	@.venv/bin/pytest -m "not e2e" -n auto --maxprocesses 4 --dist loadfile

e2e: .venv/.complete
	@.venv/bin/pytest -m "e2e and not soak and not client" -n 2 --dist loadfile --timeout 300

soak: .venv/.complete ## Every part killed in turn, and ten demos in a row
	@.venv/bin/pytest -m soak --timeout 300
	@for i in 1 2 3 4 5 6 7 8 9 10; do echo "--- demo $$i of 10"; $(RUN) local.demo --brief || exit 1; done

generate: .venv/.complete ## Write what is generated from the code: schemas, fixtures, stack snapshots, tables of the docs
	@$(RUN) services.contract.generate
	@$(RUN) validation snapshot
	@$(RUN) tests.components.test_schema
	@$(RUN) deployment.cost --write

diagrams: .venv/.complete ## Draw docs/diagrams anew, from the resource graph and a recorded demo
	@$(RUN) diagrams
	@$(RUN) deployment.cost --write

format: .venv/.complete
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean: ## Remove what was installed and produced
	rm -rf .venv .local .pytest_cache .ruff_cache dist client-config client-macos/.build
