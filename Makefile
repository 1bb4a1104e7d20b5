# What people do with this checkout. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
RUN := $(VENV)/.run
LAB := $(VENV)/.lab
DEV := $(VENV)/.dev
LOWEST := $(VENV)/lowest/.installed
LOWEST_BIN := $(VENV)/lowest/bin
PAGE := adapter/web/static/index.html
PAGE_FROM := adapter/web/page
BUILD_MODULES := $(PAGE_FROM)/node_modules/.build
DEV_MODULES := $(PAGE_FROM)/node_modules/.dev
DESCRIBE := $(BIN)/python -m adapter.web
NPM := cd $(PAGE_FROM) && PATH="$(CURDIR)/$(BIN):$$PATH" npm
WORKERS ?= 5

.DEFAULT_GOAL := help
.PHONY: help page wheel schema current pictures demo lab try test lowest lint fmt type bench load scale soak fuzz audit browser clean lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- what is installed: RUN is what running and building the page needs, LAB what a lab of several adapters brings, DEV is all

$(RUN): requirements.lock requirements-build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with: make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing what running needs into $(VENV) (once)."
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --no-compile --require-hashes -r requirements.lock -r requirements-build.lock
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(LAB): $(RUN) requirements-lab.lock
	@echo "Installing what the lab needs into $(VENV) (once)."
	@$(PIP) install --no-compile --require-hashes -r requirements-lab.lock
	@touch $@

$(DEV): $(LAB) requirements-dev.lock
	@echo "Installing what developing needs into $(VENV) (once)."
	@$(PIP) install --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

$(LOWEST): requirements-lowest.lock | $(RUN)
	@echo "Installing the lowest versions that pyproject.toml allows into $(VENV)/lowest (once)."
	@[ -x $(LOWEST_BIN)/pip ] || $(PYTHON) -m venv $(VENV)/lowest
	@$(LOWEST_BIN)/pip --disable-pip-version-check --quiet install --no-compile --require-hashes -r $<
	@touch $@

$(BUILD_MODULES): $(PAGE_FROM)/package-lock.json | $(RUN)
	@echo "Installing what building the page needs (once)."
	@$(NPM) ci --omit=dev --ignore-scripts --silent
	@touch $@

$(DEV_MODULES): $(PAGE_FROM)/package-lock.json | $(RUN)
	@echo "Installing what checking the page needs (once)."
	@$(NPM) ci --ignore-scripts --silent
	@touch $(BUILD_MODULES) $@

$(PAGE): $(BUILD_MODULES) $(wildcard $(PAGE_FROM)/*.html $(PAGE_FROM)/*.js $(PAGE_FROM)/src/* $(PAGE_FROM)/src/*/*)
	@echo "Building the page."
	@$(NPM) run --silent build

# --- running

page: $(PAGE) ## Build the page (Node comes from PyPI; none of the system's is needed)

wheel: $(PAGE) ## Build the wheel for an operator's machine into dist/ (docs/install.md)
	@rm -rf build && $(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist . && rm -rf build && ls dist/*.whl

schema: $(DEV_MODULES) ## Make the page's types (src/schema.ts) from the API's description
	@$(DESCRIBE) | ($(NPM) run --silent schema)

current: $(DEV_MODULES) # Whether they are what it makes
	@$(DESCRIBE) | ($(NPM) run --silent schema -- --check)

demo: $(PAGE) $(LAB) ## Run a real Asterisk, the adapter, and phones that hold real calls (Ctrl-C ends it)
	@exec $(BIN)/python -m adapter lab --demo

lab: $(PAGE) $(LAB) ## The same without phones, for your own (LAB_HTTP_PORT, LAB_SIP_PORT, LAB_DIR; LAB_PBXES=2, LAB_ADAPTERS=2)
	@exec $(BIN)/python -m adapter lab

try: $(RUN) ## While the demo runs: listen to a call, whisper, join, and see what Asterisk confirmed
	@$(BIN)/python -m adapter.lab.tour

# --- developing

# Hundreds of processes are started in tests. Where no bytecode may be kept, each would compile all that it imports.
test lowest load soak: export PYTHONDONTWRITEBYTECODE :=

test: $(PAGE) $(DEV) $(DEV_MODULES) browser current ## All tests, WORKERS (5) at a time, against a real Asterisk, real phones and real databases
	@$(NPM) test --silent
	@rm -f .pytest_cache/v/cache/lastfailed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal || { [ $$? = 1 ] && $(BIN)/python -m tests.again; }

lowest: $(LOWEST) $(PAGE) ## The tests without Asterisk, with the lowest versions that pyproject.toml allows
	PYTHONPATH=. $(LOWEST_BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/unit tests/fake

browser: # Chromium for the tests: the system's; with root it is installed
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || [ "$$(id -u)" != 0 ] \
	  || { echo "Installing Chromium for the browser tests."; apt-get update -qq && apt-get install -y -qq chromium; }

lint: $(DEV) $(DEV_MODULES) current ## Style and safety
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(NPM) run --silent lint

fmt: $(DEV) ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(DEV) $(DEV_MODULES) ## Types, strict
	$(BIN)/mypy
	@$(NPM) run --silent type

bench: $(PAGE) $(DEV) ## Figures, side by side in one run; nothing is asserted (PARTS="model streams": only these)
	$(BIN)/python -m tests.bench $(PARTS)

load: $(PAGE) $(DEV) ## 200 calls with sound, 20 calls/s, 50 supervisors, 200 pages: three minutes, and what it took
	$(BIN)/python -m tests.load

scale: $(PAGE) $(DEV) ## What one adapter carries: many simulated PBXes at growing rates (two minutes; ARGS="--pbxes 100")
	@$(BIN)/python -m tests.scale $(ARGS)

soak: $(PAGE) $(DEV) ## A moderate load for SOAK_MINUTES (30), at whose end nothing may have grown; then the long faults
	$(BIN)/python -m tests.load.soak
	$(BIN)/python -m pytest -m soak

pictures: $(PAGE) $(DEV) browser ## Take the page's pictures anew (docs/pictures/)
	$(BIN)/python -m tests.browser.pictures

FUZZ_SECONDS ?= 60
fuzz: $(DEV) ## Feed every parser, guided by coverage (atheris: Linux on x86-64), FUZZ_SECONDS each
	@[ -d $(VENV)/fuzz ] || $(PIP) install --only-binary :all: --target $(VENV)/fuzz 'atheris>=3,<4'
	@for target in ami stasis body url number head table sip; do \
	  echo "$$target"; mkdir -p $(VENV)/corpus/$$target; \
	  PYTHONPATH=$(VENV)/fuzz $(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -verbosity=0 -artifact_prefix=$(VENV)/corpus/$$target- $(VENV)/corpus/$$target || exit 1; \
	done

audit: $(RUN) ## Look whether any dependency has a known hole (needs the advisories' servers; fails without)
	@[ -d $(VENV)/audit ] || { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install --quiet 'pip-audit>=2.9,<3'; }
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements-dev.lock
	$(NPM) audit --audit-level=low

COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-header
lock: $(DEV) ## Resolve the dependencies anew (no registry's address gets into the files; LOCK=--upgrade for newer ones)
	$(COMPILE) $(LOCK) --output-file requirements.lock pyproject.toml
	$(COMPILE) $(LOCK) --output-file requirements-build.lock --constraint requirements.lock requirements-build.in
	$(COMPILE) $(LOCK) --output-file requirements-lab.lock --constraint requirements.lock \
	  --constraint requirements-build.lock requirements-lab.in
	$(COMPILE) $(LOCK) --output-file requirements-dev.lock --constraint requirements.lock \
	  --constraint requirements-build.lock --constraint requirements-lab.lock pyproject.toml requirements-build.in \
	  requirements-lab.in requirements-dev.in
	$(BIN)/python -m tests.support.lowest | $(BIN)/uv pip compile --quiet --resolution lowest-direct --python-version 3.11 \
	  --generate-hashes --no-strip-markers --no-header --output-file requirements-lowest.lock pyproject.toml -

clean: ## Remove what was built here
	rm -rf $(VENV) .lab build dist *.egg-info $(PAGE_FROM)/node_modules adapter/web/static
