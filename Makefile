# Two commands: `make demo` plays the main job, `make test` passes the checks. Each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test soak check bench lock setup setup-test clean

DIR ?= var/demo
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Byte code is kept whatever the caller's environment says: without it every program started compiles all it imports anew.
unexport PYTHONDONTWRITEBYTECODE

# What the service itself needs, and what its tests and checks add: Debian 12 names.
SYSTEM := python3-venv ca-certificates tzdata softhsm2 openssl poppler-utils fonts-hosny-amiri
SYSTEM_TEST := postgresql-15 qpdf zbar-tools chromium procps gcc libc6-dev pcscd vsmartcard-vpcd opensc opensc-pkcs11 \
  xvfb xauth xdotool imagemagick xdg-utils desktop-file-utils libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 \
  libfontconfig1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 \
  libxcb-shape0 libxcb-xinerama0 libxcb-xkb1
# More vendors' modules, for `make soak`: a TPM in software, NSS.
SYSTEM_SOAK := swtpm swtpm-tools tpm2-tools tpm2-abrmd libtss2-tcti-tabrmd0 libtss2-tcti-swtpm0 libtpm2-pkcs11-1 \
  libtpm2-pkcs11-tools dbus p11-kit p11-kit-modules libnss3 libnss3-tools

demo: setup
	$(BIN)/khatam demo --dir "$(DIR)" $(if $(LICENCE),--licence "$(LICENCE)")

test: setup setup-test check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

soak: setup setup-test $(VENV)/.system-soak
	$(BIN)/python -m pytest -q -m soak --timeout 900

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup
	$(BIN)/python -m bench

setup: $(VENV)/.installed

setup-test: $(VENV)/.system-test

$(VENV)/.system-test: Makefile deploy/system-packages | $(VENV)/.installed
	deploy/system-packages $(SYSTEM_TEST)
	@touch $@

$(VENV)/.system-soak: Makefile deploy/system-packages | $(VENV)/.installed
	deploy/system-packages $(SYSTEM_SOAK)
	@touch $@

$(VENV)/.installed: Makefile requirements.lock pyproject.toml deploy/system-packages
	deploy/system-packages $(SYSTEM)
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

# Needs uv (any recent one): `pip install uv`. The lock holds names, versions and hashes, no address.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --extra server --extra window --group dev pyproject.toml -o requirements.lock --quiet

clean:
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis
