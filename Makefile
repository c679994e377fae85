# make run   set up and start the app
# make class the app for a class, by https: HOSTS="names of this computer", PORT, HTTPS_PORT
# make test  set up and run the tests, browser tests included
# make check lint, and every test: all cases, PostgreSQL, workers and servers lost and found
# make containers the images and compose.yaml with a real engine, as root on a Debian; ten minutes
# make recipes train what the tests begin, until it is where its source, card or lesson is; minutes
# make lint  formatting, lint, layers, types and the lock
# make wasm  the decoder's engine anew from decoder_wasm*.c
# make lock  requirements*.lock anew from requirements*.txt; UPGRADE=--upgrade renews what these leave open
# make bench every benchmark, into benchmarks/results.md; three quarters of an hour, on an idle machine

PYTHON ?= python3
BIN := .venv/bin
# Nothing is installed that the lock has no hash of: no source that would be built with what is not in it,
# and the app itself is built with the setuptools that is.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED := $(PIP) --require-hashes --only-binary :all:
NPM := $(BIN)/npm --loglevel=error --ignore-scripts
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" $(UPGRADE)
TESTS := $(BIN)/python -m pytest -n 3 --no-loadscope-reorder
PORT ?= 8501
HTTPS_PORT ?= 8443
HOSTS ?=

.PHONY: run class test check containers recipes lint lock format wasm bench browser postgres kubectl screenshots
run: .venv/ready
	$(BIN)/streamlit run app.py --server.port $(PORT)

class: .venv/ready-class
	$(BIN)/autoencoder-lab serve --port $(PORT) --https-port $(HTTPS_PORT) $(addprefix --host ,$(HOSTS))

# Two processes drive browsers and workers, which wait half of their time; the third one computes then.
test: .venv/ready-dev browser postgres kubectl
	$(TESTS) -m "not recipes and not containers and not thorough"

check: lint browser postgres kubectl
	$(TESTS)

containers: .venv/ready-dev browser
	$(BIN)/python -m pytest -m containers -s

# Without a limit of time for one test: on an idle machine the longest takes two minutes.
recipes: .venv/ready-dev browser
	$(BIN)/python -m pytest -m recipes --timeout=0

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/node node_modules/typescript/bin/tsc
	$(BIN)/python -m pytest --quiet --noconftest tests/deploy/test_lock.py

format: .venv/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wasm: .venv/ready-dev
	$(BIN)/python -m tests.helpers.compiled_engine

bench: .venv/ready-dev browser
	$(BIN)/python -m benchmarks

# Of the app that runs at PORT, for the README.
screenshots: .venv/ready-dev browser
	$(BIN)/python -m tests.browser.screenshots http://localhost:$(PORT)

# A Chromium: the system's, without a window if there is one, else Debian's, else Playwright's own.
# Firefox, WebKit and the screen that WebKit needs: the system's, else Debian's; where neither is
# there, the tests of these two are skipped.
browser: .venv/ready-dev
	@command -v chromium-headless-shell || command -v chromium || command -v chromium-browser \
	|| command -v google-chrome || (apt-get update -qq && apt-get install -y -qq chromium-headless-shell) \
	|| $(BIN)/playwright install --with-deps chromium
	@(command -v firefox-esr || command -v firefox) && command -v WebKitWebDriver && command -v Xvfb \
	|| if [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	firefox-esr webkit2gtk-driver xvfb; \
	else echo 'no Firefox or no WebKit: its tests are skipped'; fi

# PostgreSQL's programs, for tests that start it: the system's, else Debian's, without a server of its
# own. Where neither is there, these tests are skipped.
postgres:
	@command -v postgres || ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null \
	|| if [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	apt-get update -qq && apt-get install -y -qq postgresql-common \
	&& echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
	&& apt-get install -y -qq postgresql; \
	else echo 'no PostgreSQL: its tests are skipped'; fi

# What renders deploy/kubernetes: the system's, else Debian's; else its tests are skipped.
kubectl:
	@command -v kubectl || if [ "$$(id -u)" = 0 ] && command -v apt-get; then \
	apt-get update -qq && apt-get install -y -qq --no-install-recommends kubernetes-client; \
	else echo 'no kubectl: its tests are skipped'; fi

# For every Python and system that the README promises, whichever this one is.
lock: .venv/ready-dev
	$(COMPILE) requirements.txt --output-file requirements.lock
	$(COMPILE) requirements-dev.txt --constraints requirements.lock --output-file requirements-dev.lock
	for part in class gpu web worker; do $(COMPILE) requirements-$$part.txt --constraints requirements.lock \
	--output-file requirements-$$part.lock; done
	$(NPM) install --package-lock-only --omit-lockfile-registry-resolved

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(not ok and \
	f"Python {sys.version.split()[0]} must be 3.11, 3.12 or 3.13: make PYTHON=python3.12 …")'
	@$(PYTHON) -c 'import platform, sys; sys.exit((platform.system(), platform.machine()) == ("Darwin", "x86_64") \
	and "There is no TensorFlow for Macs with an Intel processor: start the app with Docker, see README.md")'
	$(PYTHON) -m venv .venv
	$(LOCKED) -r requirements.lock
	@touch $@

.venv/ready: pyproject.toml .venv/locked
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Caddy is not there for every system: without it the class has plain http, and is told so.
.venv/ready-class: requirements-class.lock | .venv/ready
	-$(LOCKED) -r requirements-class.lock && touch $@

.venv/ready-dev: requirements-dev.lock package-lock.json .venv/locked | .venv/ready
	$(LOCKED) -r requirements-dev.lock
	$(NPM) ci
	@touch $@
