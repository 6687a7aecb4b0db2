# `make help` lists what there is. Each target makes the environment first, once.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
READY := .venv/.ready
# Airflow makes its home as soon as it is imported: this one, so that nothing lands in the user's.
export AIRFLOW_HOME ?= $(CURDIR)/.riskloom/airflow
# Event times are UTC whatever the machine's zone is; the tests set others where they mean to.
export TZ := UTC
HEAVY := spark or feast or airflow or server
# A process a core of a small machine, each with a Spark session of its own; the tests of one file stay together.
PYTEST := $(BIN)/pytest -q -n 2 --dist loadfile

.PHONY: help setup demo models test test-all oracle check format airflow bench-kernel bench-windows bench-pit bench-online bench-materialize bench-serve bench-extract bench-incremental bench-simulate bench-handbook clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile

$(READY): pyproject.toml constraints.txt scripts/setup
	@scripts/setup

setup: $(READY) ## make .venv, find Java, resolve the Delta jars

demo: $(READY) ## raw logs to served features, on the shipped sample; SCALE=S: on a simulated platform
	@$(BIN)/python -m demo $(if $(SCALE),--scale $(SCALE))

models: $(READY) ## models on the catalogue, trained, tested and scored online; writes docs/models.md
	@$(BIN)/python -m demo.models --online $(ARGS)

check: $(READY) ## lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: check ## check, fast tests, then those that start Spark, Feast, Airflow or a server
	@$(PYTEST) -m "not slow and not ($(HEAVY))"
	@$(PYTEST) -m "not slow and ($(HEAVY))"

test-all: test ## test, then the slow tests
	@$(BIN)/pytest -q -m slow

oracle: $(READY) ## a million random streams, read by the kernel and by the slow oracle
	@$(BIN)/python -m riskloom.testing.against_oracle $(ARGS)

format: $(READY) ## rewrite the files as `make check` wants them
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

airflow: $(READY) ## a local Airflow with the DAGs loaded, until Ctrl-C
	@scripts/airflow

bench-kernel: $(READY) ## windows in memory, against Polars and DuckDB
	@$(BIN)/python -m benchmarks.kernel $(ARGS)

bench-windows: $(READY) ## windows at every event through Spark, against its own frames and DuckDB
	@$(BIN)/python -m benchmarks.windows $(ARGS)

bench-pit: $(READY) ## point-in-time joins, against Feast, DuckDB and Polars
	@$(BIN)/python -m benchmarks.pit $(ARGS)

bench-online: $(READY) ## forty features read online, against Feast's stock store
	@$(BIN)/python -m benchmarks.online $(ARGS)

bench-materialize: $(READY) ## states from Delta to Redis, against Feast's local engine
	@$(BIN)/python -m benchmarks.materialize $(ARGS)

bench-serve: $(READY) ## forty features over HTTP, against feast serve
	@$(BIN)/python -m benchmarks.serve $(ARGS)

bench-extract: $(READY) ## mixed, damaged lines to typed tables, against Spark's own functions and DuckDB
	@$(BIN)/python -m benchmarks.extract $(ARGS)

bench-incremental: $(READY) ## one more day after 1, 10 and 100 loaded ones: what it reads of silver, and its cost
	@$(BIN)/python -m benchmarks.incremental $(ARGS)

bench-simulate: $(READY) ## a simulated platform, scale by scale: CPU, memory, growth
	@$(BIN)/python -m benchmarks.simulate $(ARGS)

bench-handbook: $(READY) ## the Handbook's published features and models: ARGS="--transactions FILE --published FILE"
	@$(BIN)/python -m benchmarks.handbook $(ARGS)

clean: ## remove what the demo, the tests and the tools wrote; keep .venv
	@rm -rf .riskloom .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
