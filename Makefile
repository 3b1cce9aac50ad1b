# Needs make and bash; everything else is made by `make setup`, which the other targets call themselves.
#
#   make run      the portal with demonstration data on http://127.0.0.1:8000 (PORT, HOST, DATA_DIR override)
#   make test     lint, tests on SQLite and on PostgreSQL, browser journeys; make test-long: the slow rest
#   make format   put the Python code into the form that `make lint` asks for

PY := .venv/bin/python
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run lint format test test-long bench bench-scale screenshots lock clean

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@.ci/setup

run: setup
	@.ci/serve

lint: setup
	@.ci/lint

format: setup
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

test: lint
	@.ci/test

test-long: setup
	@.ci/test long

bench: setup
	@$(PY) -m pytest -m bench -s -p no:cacheprovider tests/bench

# SCALE=300 takes so many communes instead of the country's 10,600.
bench-scale: setup
	@.ci/postgres $(PY) -m tests.bench.scale

screenshots: setup
	@$(PY) -m tests.screenshots

# After a change of .requirements.in or .requirements-dev.in; UPGRADE=--upgrade takes newer versions.
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(UPGRADE)
lock: setup
	@$(LOCK) .requirements.in -o requirements.txt
	@$(LOCK) .requirements-dev.in -o .requirements-dev.txt

# Data in var/ stays: it may hold what somebody entered.
clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
