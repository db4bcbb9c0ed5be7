# make demo   draws films, runs the whole pipeline on them, pushes a served model
# make test   the tests that need nothing but this folder
# Both set everything up on a fresh machine first.

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-e2e test-browser check bench bench-quick peers format lock clean

BIN := .venv/bin
PYTEST_ARGS ?=
BENCH_ARGS ?=

help:  ## what there is
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

.venv/.runtime: requirements/runtime.lock requirements/uv.lock setup.py serving/client/pyproject.toml
	@requirements/bootstrap.sh runtime

.venv/.dev: requirements/runtime.lock requirements/dev.lock requirements/uv.lock setup.py serving/client/pyproject.toml
	@requirements/bootstrap.sh dev

setup: .venv/.dev  ## .venv with everything, tools for development too

demo: .venv/.runtime  ## the whole pipeline on drawn films, minutes on a laptop
	@$(BIN)/cxr run --profile sample

test: .venv/.dev  ## unit and component tests
	@$(BIN)/pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-e2e: .venv/.dev  ## whole runs, each in processes of its own; many minutes
	@$(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder --durations 12 -m e2e $(PYTEST_ARGS)

test-browser: .venv/.dev  ## pages in a headless Chromium, where there is one
	@$(BIN)/pytest -n 2 --dist loadfile -m browser $(PYTEST_ARGS)

check: .venv/.dev  ## format, lint, types, layering
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.dev  ## every claim of speed against its peer, about an hour; benchmarks/results.md
	@$(BIN)/python -m benchmarks.bench $(BENCH_ARGS)

bench-quick: .venv/.dev  ## the same roughly, in minutes; nothing is written
	@$(BIN)/python -m benchmarks.bench --quick $(BENCH_ARGS)

.peers/.done: requirements/peers.lock requirements/uv.lock
	@requirements/bootstrap.sh peers

peers: .peers/.done  ## .peers with PyTorch, 1 GB, which bench measures against where it is there

format: .venv/.dev  ## put the code in shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: .venv/.dev  ## make the locks again from requirements/*.in
	@requirements/lock.sh

clean:  ## remove what runs and set-up have made here
	rm -rf .venv .uv .peers runs build *.egg-info
