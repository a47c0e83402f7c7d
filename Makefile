# Everything is set up by the first target that needs it; nothing is installed outside this folder but Debian packages that tests name.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where the studio listens: this machine alone, unless it is told otherwise (ADDRESS=0.0.0.0 for everybody who can reach it).
ADDRESS ?= localhost
PORT ?= 8501

.PHONY: run test check bench clean

run: $(VENV)/.installed
	$(BIN)/python -m streamlit run streamlit_app.py --server.address $(ADDRESS) --server.port $(PORT)

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
