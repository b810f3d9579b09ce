# From a bare clone: `make chat` or `make test`. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 7860

.PHONY: help install dev chat test lint check eval eval-gate speed clean

help:
	@printf "make %-10s%s\n" "chat" "builds the index from seeds/ and serves the page on 127.0.0.1:7860 (PORT=7870 for another)"
	@printf "make %-10s%s\n" "test" "makes the environment and runs the tests"
	@printf "make %-10s%s\n" "eval" "runs the benchmark: tables, a JSON file and an HTML page in eval/results"
	@printf "make %-10s%s\n" "eval-gate" "whether the program is worse than the committed baseline"
	@printf "make %-10s%s\n" "speed" "times reading, embedding, questions and the command"
	@printf "make %-10s%s\n" "check" "ruff, mypy and the tests"
	@printf "make %-10s%s\n" "lint" "ruff and mypy alone"
	@printf "make %-10s%s\n" "install" "only the environment, with $(BIN)/rag"
	@printf "make %-10s%s\n" "clean" "removes the environment"

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: .venv/.installed

dev: .venv/.installed-dev

# A build that leaves out an unreadable file ends with 3 and names it; the rest can be asked.
chat: install
	$(BIN)/rag build || [ $$? -eq 3 ]
	$(BIN)/rag chat --port $(PORT) || [ $$? -eq 130 ]

test: dev
	$(BIN)/python -m pytest

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test

eval: dev
	$(BIN)/python -m eval

eval-gate: dev
	$(BIN)/python -m eval gate

speed: dev
	$(BIN)/python -m eval.speed

clean:
	rm -rf .venv build *.egg-info
