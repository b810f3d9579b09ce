# From a bare clone: `make chat` or `make test`. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 7860

.PHONY: help install dev chat test lint check eval speed clean

help:
	@echo "make chat     builds the index from seeds/ and serves the page on 127.0.0.1:7860 (PORT=7870 for another)"
	@echo "make test     makes the environment and runs the tests"
	@echo "make eval     asks the evaluation questions and prints the figures"
	@echo "make speed    times embedding, questions and the command"
	@echo "make check    ruff, mypy and the tests"
	@echo "make lint     ruff and mypy alone"
	@echo "make install  only the environment, with $(BIN)/rag"
	@echo "make clean    removes the environment"

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

speed: dev
	$(BIN)/python -m eval.speed

clean:
	rm -rf .venv build *.egg-info
