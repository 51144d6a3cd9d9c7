# `make help` tells what there is. Each target does the set-up it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed: what the server needs, and everything.
RUN := $(VENV)/.run
DEV := $(VENV)/.installed
PEERS := .venv-peers
SHIPPED := .venv-shipped
LISTING := .venv-sbom
LOCK := $(BIN)/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 --generate-hashes
LOCK_US := $(LOCK) pyproject.toml --group build

# Python keeps what it compiled: to compile everything anew takes each of hundreds of processes seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser check verify races differential bench bench-portal drill drill-money fuzz spec portal clients portal-consumers lock sbom clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(DEV) ## Install everything into .venv (Python >= 3.11); PYTHON=python3.12 names another one.
	@echo 'Everything is in $(VENV). Next: make run, make test, or make help.'

$(RUN): pyproject.toml requirements/run.txt
	$(call install,run)
	@touch $@

$(DEV): pyproject.toml requirements/dev.txt
	$(call install,dev)
	@touch $(RUN) $@

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"BIO.RE needs Python 3.11 or later, and this is %d.%d. Name another one, for example: make setup PYTHON=python3.12" \
		% sys.version_info[:2])'
	@$(PYTHON) requirements/install.py $(1) $(VENV)
endef

lock: $(DEV) ## Lock what pyproject.toml asks for, with hashes; UPGRADE=1 takes the newest versions that it allows.
	$(LOCK_US) $(if $(UPGRADE),--upgrade) --extra dev --extra bench --output-file requirements/dev.txt
	$(LOCK_US) --constraint requirements/dev.txt --output-file requirements/production.txt
	$(LOCK_US) --constraint requirements/dev.txt --extra embedded --output-file requirements/run.txt
	$(LOCK_US) --constraint requirements/dev.txt --extra tracing --output-file requirements/tracing.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --group sbom --output-file requirements/sbom.txt

sbom: $(DEV) ## Write sbom.json, a CycloneDX list of everything that production installs, with licences.
	$(PYTHON) -m venv --clear $(LISTING)
	$(LISTING)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/sbom.txt
	$(PYTHON) -m venv --clear --without-pip $(SHIPPED)
	$(BIN)/pip --python $(SHIPPED)/bin/python install --quiet --disable-pip-version-check --only-binary :all: \
		--require-hashes --requirement requirements/production.txt
	$(LISTING)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file sbom.json $(SHIPPED)
	rm -rf $(SHIPPED) $(LISTING)

run: $(RUN) ## Run the API on http://127.0.0.1:8000 with a PostgreSQL and a worker of its own; PORT=8001 moves it.
	@$(BIN)/biore serve $(if $(PORT),--port $(PORT))

test: $(DEV) ## Run all tests, a deterministic fuzz among them; T=tests/handlers/users, with options of pytest, runs a part.
	$(BIN)/python -m tests.everything $(T)

test-browser: $(DEV) ## Read and use the portal in Chromium, with axe; installs chromium where it may.
	@command -v chromium || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y chromium; } || \
		{ echo 'The browser tests need Chromium: apt-get install chromium'; exit 1; }
	$(BIN)/pytest tests/browser

check: $(DEV) ## Lint, types, and the freshness of what is generated from the contract.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/biore spec build --check

verify: $(DEV) ## Prove every claim of the portal against the running parts and what the tests saw.
	$(BIN)/biore portal verify

races: $(DEV) ## Run the races between processes at full size.
	$(BIN)/pytest tests/processes/test_races.py tests/processes/test_ledger_races.py tests/processes/test_payout_races.py \
		tests/processes/test_notice_races.py tests/processes/test_kills.py \
		tests/services/test_escrows.py::TestHold::test_all_at_once_spend_what_is_there --full-races

differential: $(DEV) ## All requests, texts, limits and examples of which `make test` tries a sample (minutes).
	$(BIN)/pytest --whole tests/contract/test_differential.py tests/contract/test_time.py tests/contract/test_contract.py tests/fuzz

bench: $(DEV) $(PEERS)/.installed ## Measure side by side and write one table (15 minutes); BENCH='me framework' measures parts.
	@command -v wrk || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y wrk; } || \
		{ echo 'The benchmarks need wrk: apt-get install wrk'; exit 1; }
	$(BIN)/python -m benchmarks $(BENCH)

# The rivals get the very server that we run on; dependency groups are known to pip since 25.1.
$(PEERS)/.installed: $(DEV)
	$(BIN)/python -m venv --clear $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/pip freeze | grep -E '^(uvicorn|uvloop|httptools)==' > $(PEERS)/same.txt
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --constraint $(PEERS)/same.txt --group peers
	@touch $@

bench-portal: $(DEV) ## Builds of a large portal, its paint beside Scalar and Redoc, the API beside a build (15 minutes).
	@for tool in chromium wrk npm; do command -v $$tool >/dev/null || { echo "It needs $$tool: apt-get install $$tool"; exit 1; }; done
	@met=0; for part in build paint beside; do $(BIN)/python -m benchmarks.portal_$$part || met=1; done; exit $$met

drill: $(DEV) ## Fail one part after the other under load: what clients saw, and that nothing is lost (4 minutes).
	$(BIN)/python -m benchmarks.drill $(DRILL)

drill-money: $(DEV) ## Fail all that moves money under load: do both books agree? (15 minutes; DRILL='--minutes 5 --clients 32 --seed 17').
	$(BIN)/python -m benchmarks.money.drill $(DRILL)

fuzz: $(DEV) ## Fuzz the contract and the ledger for longer, with a random seed; FUZZ='--seed 1 -n 50' replaces the former's options.
	$(BIN)/python -m tests.fuzz.campaign $(or $(FUZZ),--max-examples 200)
	$(BIN)/pytest --whole tests/persistence/test_ledger_machine.py

spec: $(RUN) ## Write openapi/dist/, domain/wire/ and schemathesis.toml from the contract.
	$(BIN)/biore spec build

portal: $(RUN) ## Build the portal into .biore/portal; PORTAL='--out site --origin https://bio.re' replaces the options.
	$(BIN)/biore portal build $(PORTAL)

clients: $(DEV) ## Generate a Python and a TypeScript client (needs Node) and call a running server with both.
	$(BIN)/python -m tests.clients.generate

portal-consumers: $(DEV) ## Redocly, openapi-typescript, tsc and Postman take what the portal gives away (needs Node).
	$(BIN)/python -m tests.clients.portal

clean: ## Remove what was installed and made here, the development database included.
	rm -rf $(VENV) $(PEERS) $(SHIPPED) $(LISTING) .biore .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis clients sbom.json
