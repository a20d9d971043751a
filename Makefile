# Two commands set up everything and do the work: `make review` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PERIOD ?= 2026-10
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: review test engines lint types notebooks benchmarks sample clean

review: .venv/playbook ## the sample company's monthly review, in reviews/
	$(BIN)/playbook review --data data/sample --period $(PERIOD) --out reviews

test: .venv/dev ## every test; those of Spark and PostgreSQL where these are installed
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

engines: .venv/engines ## what `make test` needs to try Spark and PostgreSQL as well

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

benchmarks: .venv/dev ## the figures of benchmarks/README.md
	$(BIN)/python -m benchmarks

sample: .venv/playbook ## make data/sample/ anew, byte for byte
	$(BIN)/playbook sample --out data/sample

clean:
	rm -rf .venv reviews .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/playbook: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/playbook

.venv/engines: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable '.[dev,spark,postgres]'
	@touch $@ .venv/dev .venv/playbook
