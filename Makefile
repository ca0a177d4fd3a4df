# `make run` serves the chat on http://127.0.0.1:8000; `make test` runs every test.
# Both make what they need: .venv/, and for the tests (as root on Debian) Redis, PostgreSQL, Chromium.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MESSAGES := -l ko --no-obsolete --no-wrap --add-location file \
  $(foreach folder,.venv data node_modules tests vendor,-i $(folder))

.PHONY: run test chaos lint format messages requirements vendor bench bench-full

run: $(VENV)/run.stamp
	@exec $(BIN)/python manage.py serve

# Three workers keep two cores busy: one of them is in the chaos, which waits most of its time.
test: $(VENV)/dev.stamp
	@bin/test-deps
	@$(BIN)/pytest -n 3 --dist loadgroup --no-loadscope-reorder

chaos: $(VENV)/dev.stamp
	@bin/test-deps
	@$(BIN)/python -m tests.chaos --schedule full --write

lint: $(VENV)/dev.stamp node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint --quiet templates rooms tests/bare
	npx eslint .
	npx tsc

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --reformat --quiet templates rooms tests/bare

messages: $(VENV)/dev.stamp
	$(BIN)/python manage.py makemessages $(MESSAGES)
	$(BIN)/python manage.py makemessages $(MESSAGES) -d djangojs
	$(BIN)/python manage.py compilemessages -v 0 -i $(VENV)

requirements: $(VENV)/dev.stamp
	$(BIN)/pip-compile --quiet --strip-extras --annotation-style=line --no-emit-index-url --no-emit-trusted-host --no-emit-find-links requirements.in
	$(BIN)/pip-compile --quiet --strip-extras --annotation-style=line --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links requirements-dev.in
	$(BIN)/pip-compile --quiet --strip-extras --annotation-style=line --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file=bench/requirements.txt bench/requirements.in

vendor:
	bin/vendor

bench: $(VENV)/dev.stamp bench/.venv/bench.stamp bench/node_modules/.package-lock.json
	$(BIN)/python -m bench

bench-full: $(VENV)/dev.stamp bench/.venv/bench.stamp bench/node_modules/.package-lock.json
	$(BIN)/python -m bench --full --write

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with make PYTHON=/path/to/python3."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

bench/.venv/bench.stamp: bench/requirements.txt | $(BIN)/python
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench/node_modules/.package-lock.json: bench/package-lock.json
	cd bench && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
