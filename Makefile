# Everything works from a fresh checkout: Python 3.11 or later (with its headers and venv) and a C compiler.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
CONFORMANCE := .venv-conformance
export PATH := $(CURDIR)/$(BIN):$(PATH)
C_FILES = $(shell git ls-files '*.c' '*.h')

.DEFAULT_GOAL := help
.PHONY: help demo test conformance conformance-part lint format bench docs clean

help:
	@echo "make demo    train a classifier through compiled code, then run the three example programs"
	@echo "make test    run the tests"
	@echo "make conformance  run Keras's own tests on Croton and compare with JAX, in half an hour (ONLY=folder for a part)"
	@echo "make conformance-part  run some of them in a few minutes, with nothing installed but Keras"
	@echo "make lint    formatting, lint, types, and the imports between stages"
	@echo "make format  put the formatting right"
	@echo "make bench   measure Croton against NumPy and any peers installed (PEERS=path of a Python)"
	@echo "make docs    build the API documentation into docs/api"
	@echo "make clean   remove all that these commands made"

# The installation is editable: changes to Python and C sources take effect at the next import. The tools that
# the build needs go in first, since an editable build uses them again whenever a C file has changed.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "meson-python>=0.17" "meson>=1.3" ninja numpy
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
		-Cbuild-dir=$(VENV)/build --editable ".[dev]"
	cp src/croton-keras.pth "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')"
	$(BIN)/python -m compileall -q src  # as for an installed package, whatever PYTHONDONTWRITEBYTECODE says
	@touch $@

demo: $(STAMP)
	$(BIN)/python examples

# Drawings are tested in a browser, which is installed where that is possible; else those tests are skipped.
test: $(STAMP)
	@command -v chromium >/dev/null || ([ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update \
		&& apt-get -qq install --yes chromium fonts-dejavu-core >/dev/null) || echo "no chromium: install it to test drawings"
	$(BIN)/python -c "import croton"  # builds what changed once, before the workers start
	$(BIN)/python -m pytest -n 2 --timeout 300 -q $(TESTS)

# Keras's tests import TensorFlow, JAX and PyTorch, so they have an environment of their own; without Triton, whose
# LLVM and TensorFlow's cannot be loaded into one process, and which nothing here needs.
$(CONFORMANCE)/.installed: pyproject.toml
	$(PYTHON) -m venv $(CONFORMANCE)
	$(CONFORMANCE)/bin/python -m pip install --quiet --disable-pip-version-check \
		"meson-python>=0.17" "meson>=1.3" ninja numpy
	PATH="$(CURDIR)/$(CONFORMANCE)/bin:$$PATH" $(CONFORMANCE)/bin/python -m pip install --quiet \
		--disable-pip-version-check --no-build-isolation -Cbuild-dir=$(CONFORMANCE)/build --editable ".[keras]" \
		keras==3.15.1 tensorflow-cpu jax torch grain pandas pillow scikit-learn requests pytest pytest-timeout
	$(CONFORMANCE)/bin/python -m pip uninstall --quiet --yes triton
	cp src/croton-keras.pth "$$($(CONFORMANCE)/bin/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')"
	@touch $@

# Our tests of exported models need TensorFlow too.
conformance: $(CONFORMANCE)/.installed
	PATH="$(CURDIR)/$(CONFORMANCE)/bin:$$PATH" $(CONFORMANCE)/bin/python -m pytest -q tests/keras_croton/test_export.py
	PATH="$(CURDIR)/$(CONFORMANCE)/bin:$$PATH" $(CONFORMANCE)/bin/python -m tests.keras_croton.conformance \
		$(addprefix --only ,$(ONLY))

conformance-part: $(STAMP)
	$(BIN)/python -c "import croton"  # builds what changed once, before the processes start
	$(BIN)/python -m tests.keras_croton.conformance --part

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $(C_FILES)

bench: $(STAMP)
	$(BIN)/python -m benchmarks.micro $(if $(PEERS),--python $(PEERS))

docs: $(STAMP)
	$(BIN)/python docs/build.py docs/api

clean:
	rm -rf $(VENV) $(CONFORMANCE) build docs/api .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
