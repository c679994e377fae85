# make run   set up and start the app
# make test  set up and run every test, browser tests included
# make lint  formatting, lint and types
# make bench every benchmark, into benchmarks/results.md; three quarters of an hour, on an idle machine

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

.PHONY: run test lint format bench browser screenshots
run: .venv/ready
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/ready-dev browser
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready-dev browser
	$(BIN)/python -m benchmarks

# Of the app that runs at PORT, for the README.
screenshots: .venv/ready-dev browser
	$(BIN)/python tests/browser/screenshots.py http://localhost:$(PORT)

# A Chromium: the system's, else Debian's, else Playwright's own.
browser: .venv/ready-dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	|| (apt-get update -qq && apt-get install -y -qq chromium) \
	|| $(BIN)/playwright install --with-deps chromium

.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(not ok and \
	f"Python {sys.version.split()[0]} must be 3.11, 3.12 or 3.13: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@
