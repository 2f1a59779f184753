# make run opens the dashboard, make test runs every test; both set up what they need first.
# POSIX make: macOS ships 3.81.
.POSIX:

PYTHON = python3
ARGS =
BIN = .venv/bin
# Hashes are checked for everything that is fetched; the project itself is then installed without fetching.
PIP = $(BIN)/python -m pip --disable-pip-version-check install
LOCK = uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' --group build pyproject.toml

help:
	@echo 'make run      set up what is missing and open the dashboard'
	@echo 'make test     set up what is missing and run every test (ARGS="-k store" for some)'
	@echo 'make install  set up .venv alone'
	@echo 'make lock     renew the locked dependencies (needs uv)'
	@echo 'make clean    remove .venv, caches and build outputs'

run: install
	$(BIN)/vaultline dashboard

test: .venv/.tests-installed chromium
	$(BIN)/python -m pytest $(ARGS)

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	for python in '$(PYTHON)' python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv --clear .venv; exit; \
	  fi; \
	done; \
	echo 'vaultline needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3' >&2; exit 1; }
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@echo 'compiling the engine, which takes some ten seconds once'
	-@$(BIN)/python -c 'from dashboard import launch; exec(launch.WARM_UP)'
	@touch $@

.venv/.tests-installed: requirements-test.lock .venv/.installed
	$(PIP) --require-hashes -r requirements-test.lock
	@touch $@

chromium:
	@for browser in chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v "$$browser" >/dev/null 2>&1; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ]; then root=''; else root='sudo -n'; fi; \
	if command -v apt-get >/dev/null 2>&1 && $$root true 2>/dev/null && $$root apt-get update \
	  && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; \
	then exit 0; fi; \
	echo 'Chromium is missing and cannot be installed from here: the browser tests will fail until it is on PATH.' >&2

lock:
	$(LOCK) -o requirements.lock
	$(LOCK) --extra test -c requirements.lock -o requirements-test.lock

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find models data dashboard tests -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help run test install chromium lock clean
