# The first target that needs something sets it up. Outside this folder, only Debian packages for tests are installed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where the studio listens: by default on this machine only; ADDRESS=0.0.0.0 opens it to everybody who can reach the machine.
ADDRESS ?= localhost
# On this machine only, no other name leads to it: a site whose name does would be the same site to a browser.
ifeq ($(ADDRESS),localhost)
run: export NST_HOSTS ?= ["localhost", "127.0.0.1"]
endif
PORT ?= 8501
# Where PyTorch is installed from, if not from PyPI: https://download.pytorch.org/whl/cpu has builds without CUDA, smaller by some 4 GB.
export TORCH_INDEX ?=
# Arguments for pytest.
ARGS ?=

.PHONY: run test test-unit test-fast check format bench image image-test clean

run: $(VENV)/.installed
	$(BIN)/python -m streamlit run streamlit_app.py --server.address $(ADDRESS) --server.port $(PORT)

test: $(VENV)/.installed-dev
	scripts/test $(ARGS)

# Tests that need no server and no browser; and of these, the fast ones.
test-unit: $(VENV)/.installed-dev
	scripts/pytest -m unit $(ARGS)

test-fast: $(VENV)/.installed-dev
	scripts/pytest -m "unit and not slow" $(ARGS)

check: $(VENV)/.installed-dev
	scripts/check

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .
	$(BIN)/python scripts/file_map.py

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# The image `pastiche`, built by Docker or Podman; without a container registry, root's Podman and debootstrap build it, too.
image:
	scripts/images build --tag pastiche --build-arg TORCH_INDEX="$(TORCH_INDEX)"

# Builds an image and a fleet of it, and tests them: some minutes, and 20 GB of disk with CUDA.
image-test: $(VENV)/.installed-dev
	scripts/images test $(ARGS)

$(VENV)/.installed: requirements.txt scripts/install
	PYTHON=$(PYTHON) scripts/install requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt scripts/install
	PYTHON=$(PYTHON) scripts/install requirements-dev.txt
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
