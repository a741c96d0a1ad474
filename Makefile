# GMX POP setup wizard. On a fresh machine: `make run`, `make test`.
PYTHON ?= python3
PORT ?= 8000
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
VENV := .venv
BIN := $(VENV)/bin
PO := $(wildcard webapp/translations/*/LC_MESSAGES/*.po)

# What the tests with real servers, programs and browsers need from apt.
SYSTEM_PACKAGES := chromium curl dovecot-core dovecot-lmtpd dovecot-pop3d dovecot-submissiond fetchmail \
	fonts-dejavu-core getmail6 iproute2 libplist-utils mpop msmtp openssl postgresql redis-server thunderbird \
	thunderbird-l10n-de util-linux wrk zbar-tools
SYSTEM_COMMANDS := chromium curl dovecot fetchmail getmail ip mpop msmtp openssl pg_ctlcluster plistutil redis-server \
	setpriv thunderbird unshare wrk zbarimg
SYSTEM_FILES := /usr/lib/thunderbird/extensions/langpack-de@thunderbird.mozilla.org.xpi

.PHONY: install system-deps run test bench lint audit screenshots lock clean

install: $(VENV)/.installed $(VENV)/.translated

$(VENV)/.installed: requirements.txt pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is needed (Debian: apt install python3-venv)."; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.translated: $(VENV)/.installed $(PO)
	@$(BIN)/python webapp/translations/compile.py
	@touch $@

$(VENV)/.developed: requirements-dev.txt $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: install
	@$(BIN)/gmx-pop-wizard serve --port $(PORT)

system-deps:
	@missing=""; for command in $(SYSTEM_COMMANDS); do command -v $$command >/dev/null || missing="$$missing $$command"; done; \
	for file in $(SYSTEM_FILES); do test -e $$file || missing="$$missing $$file"; done; \
	if [ -z "$$missing" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing what the tests need:$$missing"; \
		apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; \
	else \
		echo "Missing:$$missing. The tests that need them will be SKIPPED. This installs them:"; \
		echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $(SYSTEM_PACKAGES)"; \
	fi

# TESTS=tests/wizard runs a part, JOBS=1 one after the other.
test: install $(VENV)/.developed system-deps
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

lint: install $(VENV)/.developed
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --config pyproject.toml

# Times a check of ours beside curl's, in one run, against one Dovecot; many slow checks at once; how long a test waits for
# its first stage; discovery beside automx2's; and a thousand agents who watch live cases.
bench: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.bench.check
	@$(BIN)/python -m tests.bench.slow
	@$(BIN)/python -m tests.bench.engine
	@$(BIN)/python -m tests.bench.discovery
	@$(BIN)/python -m tests.bench.helpdesk

# What a scanner finds in our code, and whether the pinned versions fit together.
audit: install $(VENV)/.developed
	@$(BIN)/ruff check --select S,B webapp && $(BIN)/pip check

screenshots: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.browser.screenshots

# Pins every dependency with its hashes; needs uv. UPGRADE=--upgrade takes the newest versions.
lock:
	uv pip compile pyproject.toml --extra postgres --group build --universal --generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE) -o requirements.txt
	uv pip compile pyproject.toml --extra granian --extra postgres --group build --group dev --universal --generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE) -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
