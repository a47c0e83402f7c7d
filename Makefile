# Everything is set up by the first target that needs it; nothing is installed outside this folder but Debian packages that tests name.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench clean

run: $(VENV)/.installed
	$(BIN)/python -m nst demo

test: $(VENV)/.installed-dev
	scripts/test

check: $(VENV)/.installed-dev
	scripts/check

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

$(VENV)/.installed: requirements.txt scripts/install
	PYTHON=$(PYTHON) scripts/install requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt scripts/install
	PYTHON=$(PYTHON) scripts/install requirements-dev.txt
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
