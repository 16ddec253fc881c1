# Everything works on a clean clone: the first target that needs it makes .venv from pyproject.toml.

PYTHON ?= python3
BIN := .venv/bin
SEEDS ?= 10000
FROM ?= 0
NOW := 2026-12-01T08:00:00Z

# An inline script is no module, so it asks for strict mode; [hidden] and paper overrule everything; the sheet goes by parts.
BIOME_SKIPS := --skip=suspicious/noRedundantUseStrict --skip=complexity/noImportantStyles --skip=style/noDescendingSpecificity

.PHONY: help demo docs test check lint format lowest real browser seeds faults bench bench-quick clean action lock package hooks
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## /\1\t/' | expand -t 14

demo: export LAUNCH_PASSCODE := lift-off-7
demo: .venv/.installed-sandbox  ## plan and create the meetings of the example on the emulator (make clean: start again)
	$(BIN)/reconciler validate examples/meetings.yaml
	$(BIN)/reconciler plan examples/meetings.yaml --sandbox --sandbox-now $(NOW)
	$(BIN)/reconciler apply examples/meetings.yaml --sandbox --sandbox-now $(NOW) --auto-approve
	$(BIN)/reconciler plan examples/meetings.yaml --sandbox --sandbox-now $(NOW)

# Three processes on two cores: many tests wait for a child process.
test: .venv/.installed-dev  ## the tests, with branch coverage
	$(BIN)/pytest --numprocesses 3 --cov --cov-report=term

check: lint test  ## everything that must pass before a change is merged

lint: .venv/.installed-dev  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck --external-sources ci/*.sh tools/*.sh .ci/run

hooks: .venv/.installed-dev  ## run the quick checks before each commit (needs pre-commit)
	pre-commit install

format: .venv/.installed-dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The commands, and each package that imports a library (a test compares it with the list of who may): the others would
# only be tested a second time.
LOWEST := tests/cli/commands tests/cli/test_main.py tests/cli/test_notices.py tests/meeting tests/plan tests/sandbox tests/spec tests/state tests/stores tests/views tests/zoom

lowest: .venv/.installed-lowest  ## the tests of what uses a library, with the lowest versions that pyproject.toml allows
	.venv/lowest/bin/python -m pytest --quiet --numprocesses 2 $(LOWEST)

real: .venv/.installed-dev build/real/.installed  ## real servers of S3, PostgreSQL, Azure; real shells (bash, zsh, fish), 16 runners killed (KILLS=50: 100), Terraform, Zoom clients (4 minutes)
	$(BIN)/pytest tests/real

browser: .venv/.installed-dev build/browser/.installed  ## the calendar's page in headless Chromium, axe-core, Biome (needs chromium and npm)
	build/browser/node_modules/.bin/biome lint --error-on-warnings $(BIOME_SKIPS) reconciler/views/html
	$(BIN)/pytest tests/browser

seeds: .venv/.installed-dev  ## 10,000 histories of faults on all processors (SEEDS=N FROM=N: others), and their figures
	$(BIN)/python tests/faults/simulate.py --seeds $(SEEDS) --from $(FROM)

faults: export FAULT_ROUNDS := 200
faults: export RANDOM_SERIES := 2000
faults: export FEED_ROUNDS := 200
faults: seeds  ## histories of faults as by `make seeds`, 2,000 series, deaths at every turn, real ones at every touch of the outside
	HYPOTHESIS_PROFILE=random FUZZ_EXAMPLES=1500 $(BIN)/pytest --quiet -m hypothesis
	$(BIN)/pytest --numprocesses auto --dist worksteal tests/faults tests/apply/dates tests/apply/test_doubled_matrix.py tests/plan/test_pasted_hints.py tests/views/test_ics.py

package: .venv/.installed-dev .venv/.installed-package  ## build the wheel, and use it in an empty folder (half a minute)
	bash tools/package.sh

action:  ## install as the action does, with hashes, into a folder of its own (half a minute)
	RECONCILER_VENV=.venv/action RECONCILER_PYTHON=$(PYTHON) bash ci/install.sh
	.venv/action/bin/reconciler validate examples/meetings.yaml

lock:  ## lock the dependencies of the action again (needs uv)
	uv pip compile pyproject.toml requirements/action.in --extra cloud --extra notify --extra postgres --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --upgrade --output-file requirements/action.txt

bench: .venv/.installed-dev .venv/.installed-peers  ## compare with the peers, as ratios, and plan 40 teams (about 17 minutes)
	$(BIN)/python benchmarks/bench.py

bench-quick: .venv/.installed-dev .venv/.installed-peers  ## a small part of it (about 2 minutes)
	$(BIN)/python benchmarks/bench.py --quick

docs: .venv/.installed-docs  ## the pages of docs/, with every link checked, into build/docs
	$(BIN)/python tools/check_links.py *.md docs/*.md
	NO_MKDOCS_2_WARNING=1 .venv/docs/bin/python -m mkdocs build --strict --clean  # --quiet would hide warnings from --strict

clean:  ## remove the emulator's data and the caches of the tools; .venv stays
	rm -rf .reconciler .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis benchmarks/.work

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11: name a newer one, as in  make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed-sandbox .venv/.installed-dev: .venv/.installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

.venv/.installed-lowest: pyproject.toml tools/lowest_versions.py | $(BIN)/python
	$(BIN)/python -m venv .venv/lowest
	$(BIN)/python tools/lowest_versions.py cloud fmt notify postgres sandbox dev > .venv/lowest/pins.txt
	.venv/lowest/bin/python -m pip install --quiet --disable-pip-version-check --requirement .venv/lowest/pins.txt
	.venv/lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Debian's server and pooler are installed where they are missing, by root or with sudo.
build/real/.installed: tests/real/packages.txt
	npm install --silent --no-save --prefix build/real $$(cat $<)
	ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && command -v pgbouncer >/dev/null || { \
	  as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	  $$as_root apt-get update -qq && $$as_root apt-get install -qq --no-install-recommends postgresql pgbouncer >/dev/null; }
	@touch $@

build/browser/.installed: tests/browser/packages.txt
	npm install --silent --no-save --prefix build/browser $$(cat $<)
	@touch $@

# Separate too: the tools for the pages must not decide the versions of the dependencies.
.venv/.installed-docs: docs/requirements.txt | $(BIN)/python
	$(BIN)/python -m venv .venv/docs
	.venv/docs/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Separate: the tools that check a wheel must not decide the versions of the dependencies.
.venv/.installed-package: requirements/package.txt | $(BIN)/python
	$(BIN)/python -m venv .venv/package
	.venv/package/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Separate: the peers must not decide the versions of the dependencies.
.venv/.installed-peers: benchmarks/peers/requirements.txt | $(BIN)/python
	$(BIN)/python -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
