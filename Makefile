# Daybook. `make run` starts it, `make test` tests it, and `make help` lists the rest.
#
# Each step is done once. Tools live in .tools/ and end2end/node_modules/, under stamps that name
# their version. Cargo runs every time, because it detects changes best and returns at once if there
# are none.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Build output goes to target/, regardless of the environment, because the site is embedded from
# there.
unexport CARGO_TARGET_DIR
CARGO_BUILD := cargo build --target-dir target
# The site's checksum. When it changes, rustc embeds the site again.
EMBED = DAYBOOK_SITE="$$(find target/site -type f | sort | xargs cat | cksum)"
SERVER := $(CARGO_BUILD) -p server --release $(if $(FEATURES),--features $(FEATURES))

# The frontend is built only for the browser. Everything else is built for this machine, with every
# part of the event store.
NATIVE := --workspace --exclude frontend \
          --features daybook-event-store/handler,daybook-event-store/dynamodb,daybook-event-store/embedded,daybook-event-store/s3,daybook-event-store/testing
# The same with all optional features. Clippy and rustdoc share this list, so that dependencies are
# checked once.
CHECKED := $(NATIVE),server/otel,bench/peers
BROWSER := --target wasm32-unknown-unknown

MINISTACK := 1.5.33
SCHEMATHESIS := 4.32.5
MUTANTS := 27.1.0
# Schemathesis generates its requests with Hypothesis, and another version generates others.
HYPOTHESIS := 6.170.17
# Tests wait more than they compute.
TEST_THREADS := $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))

STACK := .tools/ministack-$(MINISTACK)
CONTRACT := .tools/schemathesis-$(SCHEMATHESIS)-$(HYPOTHESIS)
NODE := end2end/node_modules/.package-lock.json
WASM := target/wasm32-unknown-unknown/wasm-release/frontend.wasm
WEB := target/web/daybook.wasm
SITE := target/site.stamp
DAYBOOK := target/release/daybook

.PHONY: run test dev bench soak build dist site package mutants otel lint fmt deny clean help \
        prerequisites tools format invariants prose unit docs contract browser FORCE

##@ Two commands

run: build ## install what is missing, build in release, start, print the URL (ARGS="sample" for the sample company)
	@$(DAYBOOK) $(ARGS)

test: format lint unit docs build contract browser ## install what tests need, then run everything

##@ For developers

dev: $(NODE) ## build without optimisation and start, again after every change (ARGS as for run)
	@scripts/dev $(ARGS)

build: $(DAYBOOK) ## the one binary, with its site inside: target/release/daybook (FEATURES="otel" for spans)

dist: build ## the binary for distribution, with LTO: target/dist/daybook
	@$(EMBED) $(SERVER:--release=--profile dist)

site: $(SITE) ## the files that the browser fetches: target/site, precompressed

bench: build $(NODE) ## run the benchmarks that docs/benchmarks.md describes
	cargo run --release -p bench --features peers
	@scripts/chromium --install >/dev/null
	cd end2end && node_modules/.bin/playwright test -c bench

package: prerequisites ## build the event store from its package alone, as its users get it
	cargo package -p daybook-event-store --all-features --allow-dirty

mutants: prerequisites ## find the mutants of domain, api and event store that no test catches, for hours (ARGS="--shard 1/20" for some)
	@command -v cargo-mutants >/dev/null || cargo install cargo-mutants --version $(MUTANTS) --locked
	cargo mutants --package domain --package api --package daybook-event-store --all-features \
	    --file 'crates/domain/src/**' --file 'crates/api/src/**' --file 'crates/event-store/src/*.rs' --file 'crates/event-store/src/handler/*.rs' --output target --baseline skip --timeout 300 $(ARGS)

otel: prerequisites ## test what the feature otel adds, which no other target tests
	cargo test $(NATIVE) --features server/otel --test server -- otel

soak: build $(STACK) ## model, feed, 200 kills, 100 power cuts, a race of three processes and some mutants, for about an hour; prints the seed of a failed test
	DAYBOOK_MODEL_RUNS=100 DAYBOOK_MODEL_STEPS=100 cargo test -p daybook-event-store --test store -- model:: --nocapture
	DAYBOOK_FEED_RUNS=50 cargo test -p daybook-event-store --test store -- feed:: --nocapture
	DAYBOOK_MINISTACK="$(CURDIR)/.tools/ministack/bin/ministack" DAYBOOK_BINARY="$(CURDIR)/$(DAYBOOK)" \
	    DAYBOOK_CRASH_ROUNDS=200 DAYBOOK_RACE_SECONDS=30 DAYBOOK_POWER_CUTS=100 \
	    cargo test $(NATIVE) --test server -- --nocapture --test-threads 1 soak::
	$(MAKE) mutants ARGS="--shard 0/50"

fmt: ## format everything
	cargo fmt --all

lint: invariants prose $(NODE) ## clippy for this machine and for the browser, and the types of the browser tests
	cargo clippy $(CHECKED) --all-targets -- -D warnings
	cargo clippy $(BROWSER) -p frontend -- -D warnings
	scripts/features
	CLIPPY_CONF_DIR="$(CURDIR)/scripts/pure" cargo clippy $(BROWSER) -p domain -p daybook-event-store -p api -- -D warnings
	cd end2end && node_modules/.bin/tsc --noEmit

unit: prerequisites $(STACK) ## unit, property, conformance, HTTP and documentation tests
	DAYBOOK_MINISTACK="$(CURDIR)/.tools/ministack/bin/ministack" RUST_TEST_THREADS=$(TEST_THREADS) cargo test $(NATIVE)

contract: build $(CONTRACT) ## test the binary against its own /api/v1/openapi.json
	@scripts/contract

browser: build $(NODE) ## the browser tests (ARGS="tasks.spec.ts" for some)
	@scripts/chromium --install >/dev/null
	cd end2end && node_modules/.bin/playwright test $(ARGS)

deny: ## check licences, advisories and sources of every dependency (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "make deny needs cargo-deny: cargo install cargo-deny --locked" >&2; exit 1; }
	cargo deny check

clean: ## remove build output; tools and data stay
	cargo clean --target-dir target
	rm -rf end2end/test-results end2end/playwright-report

help: ## this list
	@awk -F ':.*## ' '/^##@/ { print (NR > 1 ? "\n" : "") substr($$0, 5) } \
	     /^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# The parts of `test` and `lint`.

format: prerequisites
	cargo fmt --all --check

invariants: prerequisites
	@scripts/invariants

prose:
	@scripts/prose

docs: prerequisites
	RUSTDOCFLAGS="-D warnings" cargo doc $(CHECKED) --no-deps
	scripts/package

# Tools.

prerequisites:
	@scripts/prerequisites

tools: $(NODE) $(STACK) $(CONTRACT)
	@scripts/chromium --install

$(STACK): | prerequisites
	scripts/python-tool ministack ministack==$(MINISTACK)
	@touch $@

$(CONTRACT): | prerequisites
	scripts/python-tool schemathesis schemathesis==$(SCHEMATHESIS) hypothesis==$(HYPOTHESIS)
	@touch $@

$(NODE): end2end/package.json end2end/package-lock.json end2end/.npmrc | prerequisites
	cd end2end && npm ci --ignore-scripts
	@touch $@

# The site, and then the binary that embeds it. A recipe under FORCE runs every time, but its
# dependents run again only if cargo has rewritten its file.

$(WASM): FORCE | prerequisites
	$(CARGO_BUILD) -p frontend --lib --target wasm32-unknown-unknown --profile wasm-release

$(WEB): $(WASM) $(NODE)
	$(CARGO_BUILD) -p bindgen
	rm -rf target/web
	target/debug/bindgen $(WASM) target/web
	end2end/node_modules/.bin/wasm-opt -Oz --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue \
	    --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
	    target/web/daybook_bg.wasm -o $@
	@rm target/web/daybook_bg.wasm

$(SITE): $(WEB) $(NODE) frontend/site.mjs $(shell find style frontend/public)
	node frontend/site.mjs target/web target/site
	@touch $@

# The server's library does not need the site, so both are built in parallel.
$(DAYBOOK): FORCE | prerequisites
	@$(SERVER) --lib & library=$$!; \
	$(MAKE) --no-print-directory $(SITE); site=$$?; \
	wait $$library && exit $$site
	@$(EMBED) $(SERVER)
