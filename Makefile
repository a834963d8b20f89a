# Zabota. `make help` says what there is.

PORT ?= 8000
SMTP_PORT ?= 2525
DATA_DIR ?= ./var
DEMO ?=
PYTHON ?= python3

BIN := .venv/bin
DONE := .venv/done
INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
  --python-version 3.11 --custom-compile-command "make lock"
FRONT_END := $(shell find frontend -type f -not -path '*/node_modules/*')
MESSAGES := $(wildcard zabota/locale/*/LC_MESSAGES/django.po)

# Certificates the machine trusts; compiled modules, even where the shell is told to write none.
export UV_SYSTEM_CERTS := 1
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

.PHONY: help run setup test check fault bench wheel lock messages clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

run: setup ## run the desk [PORT=8000 SMTP_PORT=2525 DATA_DIR=./var DEMO=1]
	@exec env ZABOTA_END_WITH_PARENT=1 $(BIN)/zabota run --port "$(PORT)" \
	  --smtp-port "$(SMTP_PORT)" --data-dir "$(DATA_DIR)" $(if $(filter-out 0 no,$(DEMO)),--demo)

setup: $(DONE)/run $(DONE)/front-end $(DONE)/messages ## install what running needs

test: setup $(DONE)/dev ## every check and test, browser journeys included
	@$(BIN)/python scripts/steps.py test

check: setup $(DONE)/dev ## the quick half: no browser, one PostgreSQL
	@$(BIN)/python scripts/steps.py check

fault: setup $(DONE)/dev ## the faults at full size, each with its figure; takes long
	@rm -f var/faults.txt; mkdir -p var
	@export ZABOTA_FAULT_FULL=1 ZABOTA_FAULT_REPORT=$(CURDIR)/var/faults.txt; code=0; \
	  for kind in "not browser" browser; do \
	    $(BIN)/python -m pytest -m "faults and $$kind" -n 0 -p no:cacheprovider || code=1; done; \
	  sort var/faults.txt 2>/dev/null; exit $$code

bench: setup $(DONE)/dev ## measure, into bench/RESULTS.md [FULL=1: a million tickets]
	@$(BIN)/python -m bench $(if $(filter-out 0 no,$(FULL)),--full)

wheel: setup ## the package with pages and translations in it, into dist/
	@$(BIN)/python -m hatchling build -t wheel

lock: $(DONE)/uv ## resolve the dependencies anew, within pyproject.toml
	$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	$(COMPILE) --upgrade pyproject.toml --group dev -o requirements-dev.lock -c requirements.lock
	for group in s3 uv build node; do $(COMPILE) --upgrade --group $$group -o requirements-$$group.lock -c requirements.lock || exit; done

messages: $(DONE)/dev ## bring the translations up to the code
	$(BIN)/python scripts/messages.py update

clean: ## remove what setup made; the desk's data stays
	rm -rf .venv frontend/node_modules zabota/workspace/static/built

# What setup has done, one empty file each

$(DONE)/uv: requirements-uv.lock scripts/bootstrap.py
	@$(PYTHON) scripts/bootstrap.py .venv requirements-uv.lock
	@mkdir -p $(DONE) && touch $@

$(DONE)/run: $(DONE)/uv requirements.lock requirements-build.lock pyproject.toml
	@echo "installing packages"
	@$(INSTALL) -r requirements.lock -r requirements-build.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DONE)/dev: $(DONE)/run requirements-dev.lock requirements-s3.lock
	@echo "installing the tools for tests"
	@$(INSTALL) -r requirements-dev.lock -r requirements-s3.lock
	@touch $@

$(DONE)/npm: $(DONE)/uv requirements-node.lock frontend/package-lock.json scripts/npm
	@echo "installing the front end's packages"
	@scripts/npm ci --prefix frontend --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(DONE)/front-end: $(DONE)/npm $(FRONT_END)
	@echo "building the front end"
	@scripts/npm run build --prefix frontend --silent
	@touch $@

$(DONE)/messages: $(DONE)/run $(MESSAGES) scripts/messages.py
	@$(BIN)/python scripts/messages.py compile
	@touch $@
