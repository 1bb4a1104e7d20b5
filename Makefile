# What people do with this checkout. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
PAGE := adapter/web/static/index.html
SOURCE := adapter/web/page
MODULES := $(SOURCE)/node_modules/.package-lock.json
NPM := cd $(SOURCE) && PATH="$(CURDIR)/$(BIN):$$PATH" npm
DESCRIBE := $(BIN)/python -m adapter.web

.PHONY: help page schema current pictures demo lab try test lint fmt type bench load soak clean lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name one with: make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

$(MODULES): $(STAMP) $(SOURCE)/package-lock.json
	$(NPM) ci --ignore-scripts --silent

$(PAGE): $(MODULES) $(wildcard $(SOURCE)/*.html $(SOURCE)/*.js $(SOURCE)/src/*)
	$(NPM) run --silent type
	$(NPM) run --silent build

page: $(PAGE) ## Build the page (Node comes from PyPI; none of the system's is needed)

schema: $(MODULES) ## Make the page's types (src/schema.ts) from the API's description
	$(DESCRIBE) | ($(NPM) run --silent schema)

current: $(MODULES) # Whether they are what it makes
	$(DESCRIBE) | ($(NPM) run --silent schema -- --check)

demo: $(PAGE) ## Run a real Asterisk, the adapter, and phones that hold real calls (Ctrl-C ends it)
	@exec $(BIN)/python -m adapter lab --demo

lab: $(PAGE) ## The same without phones, for your own (LAB_HTTP_PORT, LAB_SIP_PORT, LAB_DIR move it aside)
	@exec $(BIN)/python -m adapter lab

try: $(STAMP) ## While the demo runs: listen to a call, whisper, join, and see what Asterisk confirmed
	@$(BIN)/python -m adapter.lab.tour

test: $(PAGE) browser current ## All tests, against a real Asterisk, real phones and real databases
	$(NPM) test --silent
	$(BIN)/python -m pytest

.PHONY: browser
browser: # Chromium for the tests: the system's; with root it is installed
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || [ "$$(id -u)" != 0 ] \
	  || { echo "Installing Chromium for the browser tests."; apt-get update -qq && apt-get install -y -qq chromium; }

lint: $(STAMP) $(MODULES) current ## Style and safety
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(NPM) run --silent type
	$(NPM) run --silent lint

fmt: $(STAMP) ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(STAMP) ## Types, strict
	$(BIN)/mypy

bench: $(STAMP) ## Figures, side by side in one run; nothing is asserted
	$(BIN)/python -m tests.bench

load: $(STAMP) ## 200 calls with sound, 20 calls/s, 50 supervisors, 200 pages: three minutes, and what it took
	$(BIN)/python -m tests.load

soak: $(STAMP) ## A moderate load for SOAK_MINUTES (30), at whose end nothing may have grown; then the long faults
	$(BIN)/python -m tests.load.soak
	$(BIN)/python -m pytest -m soak

pictures: $(PAGE) ## Take the page's pictures anew (docs/pictures/)
	$(BIN)/python -m tests.browser.pictures

FUZZ_SECONDS ?= 60
.PHONY: fuzz audit
fuzz: $(STAMP) ## Feed every parser, guided by coverage (atheris: Linux on x86-64), FUZZ_SECONDS each
	@[ -d $(VENV)/fuzz ] || $(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --target $(VENV)/fuzz 'atheris>=3,<4'
	@for target in ami stasis body url number head table sip; do \
	  echo "$$target"; mkdir -p $(VENV)/corpus/$$target; \
	  PYTHONPATH=$(VENV)/fuzz $(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -verbosity=0 -artifact_prefix=$(VENV)/corpus/$$target- $(VENV)/corpus/$$target || exit 1; \
	done

audit: $(STAMP) ## Look whether any dependency has a known hole (needs the advisories' servers; fails without)
	@[ -d $(VENV)/audit ] || { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install --quiet 'pip-audit>=2.9,<3'; }
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements-dev.lock
	$(NPM) audit --audit-level=low

lock: ## Resolve the dependencies anew (no registry's address gets into the files)
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-header --output-file requirements-dev.lock \
	  pyproject.toml requirements-dev.in

clean: ## Remove what was built here
	rm -rf $(VENV) .lab build dist *.egg-info
