# One target for each common task. `make help` lists them.
ROWS   ?= 1000
FORMAT ?= csv
SEED   ?= 42
OUT    ?= export
BIN    := target/release/dbmocker
QUICK  := target/quick/dbmocker
DEMO   := target/demo

.DEFAULT_GOAL := help
.PHONY: help build demo check test-unit test test-newer test-tools lint fmt bench export load install spark-jar test-spark test-stores test-browser fuzz docs wheel

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the optimised program, target/release/dbmocker
	cargo build --release --locked

demo: ## fills a new SQLite shop with 100 000 rows a table, verifies it and shows some rows
	cargo build --profile quick --locked
	@tests/demo.sh $(QUICK) $(DEMO)

check: ## compiles everything without building it, the quickest answer
	cargo check --workspace --all-targets --locked

test-unit: ## unit tests of every crate, without a server
	cargo nextest run --workspace --lib --locked

test: test-tools ## every test, on throw-away PostgreSQL, MariaDB and SQLite databases
	@tests/run.sh

test-newer: ## the tests on servers that run already: DBMOCKER_TEST_POSTGRES_URL=..., DBMOCKER_TEST_MYSQL_URL=...
	@test -n "$(DBMOCKER_TEST_POSTGRES_URL)$(DBMOCKER_TEST_MYSQL_URL)" || { echo "name servers of this machine, with accounts that may do everything, that no one else uses: make test-newer DBMOCKER_TEST_POSTGRES_URL=postgres://user:password@127.0.0.1:5432 DBMOCKER_TEST_MYSQL_URL=mysql://user:password@127.0.0.1:3306 (containers of postgres:18, timescale/timescaledb:latest-pg18, mysql:9 are such servers)" >&2; exit 2; }
	DBMOCKER_TEST_POSTGRES_URL="$(DBMOCKER_TEST_POSTGRES_URL)" DBMOCKER_TEST_MYSQL_URL="$(DBMOCKER_TEST_MYSQL_URL)" tests/run.sh -E 'test(newer::)'

test-tools:
	@tests/install-servers.sh

lint: ## formatting, clippy and documentation, warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

fmt: ## formats the code
	cargo fmt --all

bench: build ## the short benchmarks, beside each server's own client and other tools (benches/*.txt hold recorded output)
	python3 benches/plan.py --bin $(BIN) --repeat 1
	python3 benches/stages.py --bin $(BIN) --rows 200000 --repeat 1
	python3 benches/load.py --bin $(BIN) --rows 200000 --repeat 1
	python3 benches/learned.py --bin $(BIN) --rows 100000 --repeat 1
	python3 benches/memory.py --bin $(BIN) --rows 200000 1000000 --only csv parquet SQLite
	python3 -m venv target/bench-tools && target/bench-tools/bin/pip install -q tpchgen-cli duckdb
	python3 benches/export.py --bin $(BIN) --scale 0.1 --repeat 1 --tpchgen target/bench-tools/bin/tpchgen-cli --duckdb target/bench-tools/bin/python

export: build ## rows as files: make export URL=sqlite://shop.db OUT=folder FORMAT=csv|parquet ROWS=1000
	@test -n "$(URL)" || { echo "say which database: make export URL=postgres://user@host/db" >&2; exit 2; }
	$(BIN) export --url "$(URL)" --out "$(OUT)" --format $(FORMAT) --rows $(ROWS) --seed $(SEED)

load: build ## fills a database: make load URL=postgres://user@host/db ROWS=1000
	@test -n "$(URL)" || { echo "say which database: make load URL=postgres://user@host/db" >&2; exit 2; }
	$(BIN) load --url "$(URL)" --rows $(ROWS) --seed $(SEED)

install: ## installs dbmocker for this user, by cargo
	cargo install --path . --locked

test-stores: ## exports to an S3 server that fails now and then, and loads from it (moto from PyPI)
	cargo nextest run --features object-store -E 'test(object_stores)'

spark-jar: ## the Spark data source for the JVM, target/spark/dbmocker-spark.jar (JDK 17; pyspark from PyPI, or SPARK_HOME)
	@packaging/spark/build.sh

test-spark: spark-jar ## both Spark data sources on a local Spark (pyspark from PyPI, 400 MB; JDK 17)
	python3 -m venv target/spark-venv && target/spark-venv/bin/pip install -q pyspark==4.0.1 pyarrow==22.0.0 pandas==2.3.3 dbldatagen==0.4.0.post1 jmespath pyparsing
	cargo build --release --locked
	target/spark-venv/bin/python tests/spark.py target/release/dbmocker target/spark/dbmocker-spark.jar

test-browser: ## the pages of plans and reports in a headless browser (Debian's chromium, Node 20; puppeteer-core from npm)
	@tests/browser.sh

fuzz: ## ten minutes for each fuzz target, or FUZZ=check FUZZ_SECONDS=60 (cargo-fuzz, which cargo installs into target/tools)
	@tests/fuzz/run.sh "$(FUZZ)" "$(FUZZ_SECONDS)"

docs: ## a book of the pages in docs/, target/book (mdBook, which cargo installs into target/tools)
	@test -x target/tools/bin/mdbook || cargo install --quiet --locked --root target/tools mdbook@0.4.52
	target/tools/bin/mdbook build docs

wheel: ## builds the Python wheel, installs it into a fresh environment and fills a SQLite shop with it
	@tests/wheel.sh --release
