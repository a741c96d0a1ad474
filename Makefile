# GMX POP setup wizard. On a fresh machine: `make run`, `make test`.
PYTHON ?= python3
PORT ?= 8000
JOBS ?= $(shell expr $$(nproc 2>/dev/null || echo 1) + 1)
VENV := .venv
BIN := $(VENV)/bin
PO := $(wildcard webapp/translations/*/LC_MESSAGES/*.po)

# What the tests with real servers, programs and browsers need from apt.
SYSTEM_PACKAGES := caddy chromium curl dovecot-core dovecot-imapd dovecot-lmtpd dovecot-pop3d dovecot-submissiond fetchmail \
	fonts-dejavu-core getmail6 hunspell hunspell-de-de hunspell-en-us iproute2 libplist-utils mmdebstrap mpop msmtp nginx-light openbox \
	openssl postgresql prometheus redis-server systemd thunderbird thunderbird-l10n-de util-linux wrk xdotool xvfb zbar-tools
SYSTEM_COMMANDS := caddy chromium curl dovecot fetchmail getmail hunspell ip mmdebstrap mpop msmtp nginx openbox openssl pg_ctlcluster \
	plistutil promtool redis-server setpriv systemd-analyze thunderbird unshare wrk xdotool Xvfb zbarimg
SYSTEM_FILES := /usr/lib/dovecot/imap /usr/lib/thunderbird/extensions/langpack-de@thunderbird.mozilla.org.xpi

.PHONY: install system-deps run test proofs bench lint audit house journeys screenshots drawings pictures lock clean

install: $(VENV)/.installed $(VENV)/.translated

$(VENV)/.installed: requirements.txt pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@test -e $@ || echo "Installing what the site needs; this takes a minute or two the first time."
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

# TESTS=tests/web/wizard runs a part, JOBS=1 one after the other. Many tests wait for a server: one more runs than there are
# cores. Thousands of tests with real programs and servers meet a busy machine: one that fails is tried once more, and named
# as RERUN at the end; what is wrong fails twice.
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --reruns 1 --reruns-delay 2 -raR

test: install $(VENV)/.developed system-deps
	@$(PYTEST) -m 'not proof' $(TESTS)

# The slow ones that `test` leaves out or only samples: a whole roll-out day, every kill.
proofs: install $(VENV)/.developed system-deps
	@$(PYTEST) -m proof $(TESTS)

lint: install $(VENV)/.developed
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports pyproject.toml

# Times a check of ours beside curl's, in one run, against one Dovecot; many slow checks at once; how long a test waits for
# its first stage; discovery beside automx2's and behind nginx's cache; a whole journey by one web process and by two, and the
# weight of each page; a thousand agents who watch live cases; five ways to connect, in presses and seconds; and what a long log costs the help.
bench: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.bench.check
	@$(BIN)/python -m tests.bench.slow
	@$(BIN)/python -m tests.bench.engine
	@$(BIN)/python -m tests.bench.discovery
	@$(BIN)/python -m tests.bench.journey
	@$(BIN)/python -m tests.bench.helpdesk
	@$(BIN)/python -m pytest -q -n0 -s -m proof tests/browser/test_five_ways.py
	@$(BIN)/python -m tests.bench.help

# What a scanner finds in our code, whether the pinned versions fit together, and which of them have known faults: by
# ADVISORIES, a folder, .zip or https address of records in the OSV format. Without it fails.
audit: install $(VENV)/.developed
	@$(BIN)/ruff check --select S,B webapp && $(BIN)/pip check && $(BIN)/python -m tests.project.audit "$(ADVISORIES)"

# Figures of the code: wings, circles, copies of mechanisms, lines, imports. ARGS=--draw draws docs/architecture.svg anew.
house: install $(VENV)/.developed
	@$(BIN)/python -m tests.project.house $(ARGS)

# Walks every journey and prints what it costs a person: pages, presses, fields, words, heights. ARGS=--pages names each page.
journeys: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.browser.journeys $(ARGS)

screenshots: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.browser.screenshots

# Shows every drawn window as a browser shows it: build/drawings, by language, colours and width.
drawings: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.browser.drawings

# Plays the guides in the real Thunderbird and compares what it shows with the pictures in static/guides; what differs is
# written in its place and fails. ARGS="--program /path/to/thunderbird" plays another version.
pictures: install $(VENV)/.developed system-deps
	@$(BIN)/python -m tests.peers.pictures $(ARGS)

# Pins every dependency with its hashes; needs uv. UPGRADE=--upgrade takes the newest versions.
lock:
	uv pip compile pyproject.toml --extra postgres --group build --universal --generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE) -o requirements.txt
	uv pip compile pyproject.toml --extra postgres --group build --group dev --universal --generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE) -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
