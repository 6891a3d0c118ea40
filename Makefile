# `make demo` and `make test` are the whole set-up: each makes .venv itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo serve isolation facts failover postgres test-postgres test test-faces test-engine coverage test-compat check repeats simulate crash hostile damage bench eval-extraction format clean

help:
	@echo "make demo    watch an agent remember across processes (no key, no server; MULTILINGUAL=1 for other languages, STORE=postgres)"
	@echo "make serve   serve Mem0's clients on http://127.0.0.1:8765"
	@echo "make test    run the tests, some with Mem0's own library and with old versions of Pipecat"
	@echo "make coverage  run the same tests, and fail where they reach too little of the source"
	@echo "make test-compat  run all of the service's tests on all versions of Pipecat that it knows"
	@echo "make check   formatting, lint, types"
	@echo "make facts   10,000 random lives, told in random order, and what must be known of each as of every moment"
	@echo "make failover  kill a primary of PostgreSQL 20 times while many write and read, and promote a replica"
	@echo "make postgres  the suites of the server, the engine, facts and transfer on PostgreSQL"
	@echo "make simulate  two people in one Pipecat worker, 1,000 calls at random"
	@echo "make crash   kill writers at random moments, many rounds"
	@echo "make damage  damage every column of every table in every way, and see that nothing else suffers"
	@echo "make hostile attack a server, and see what a bystander notices (HOSTILE='--seconds 300 --bars')"
	@echo "make bench   measure every published number anew (BENCH='--quick', BENCH='search --locomo FILE')"
	@echo "make eval-extraction  what a model reads from talks in five languages (LLM_BASE_URL=http://localhost:11434/v1 LLM_MODEL=qwen3:8b)"
	@echo "make format  rewrite the sources in the project's format"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Toldonce needs Python 3.11 or newer; run make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[pipecat]'
	@touch $@

$(VENV)/.multilingual: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[pipecat,multilingual]'
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all,dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/$(if $(STORE),.dev,$(if $(MULTILINGUAL),.multilingual,.demo))
	$(BIN)/$(if $(filter postgres,$(STORE)),python -m tools.demo_postgres,toldonce demo) $(if $(MULTILINGUAL),--multilingual)

serve: $(VENV)/.dev
	$(BIN)/toldonce serve

isolation: $(VENV)/.dev
	TOLDONCE_ISOLATION_REQUESTS=20000 $(BIN)/python -m pytest tests/server/test_isolation.py

facts: $(VENV)/.dev
	TOLDONCE_FACT_LIVES=10000 $(BIN)/python -m pytest tests/remember/facts/test_bitemporal.py

failover: $(VENV)/.dev
	TOLDONCE_FAILOVERS=20 $(BIN)/python -m pytest tests/crash/test_failover.py

# The suites of the server, the engine, facts and transfer, with a database wherever they open a folder.
postgres: $(VENV)/.dev
	TOLDONCE_TEST_STORE=postgres $(BIN)/python -m pytest tests/server tests/engine tests/remember tests/transfer tests/test_memory.py

PYTEST := python -m pytest

# Two at a time, as most of the time is waiting for processes of the tests' own.
FACES := tests/server tests/cli tests/docs tests/deploy

test: $(VENV)/.dev .venv-mem0/.dev
	$(MAKE) --no-print-directory -j2 test-faces test-engine
	$(MAKE) --no-print-directory test-postgres
	.venv-mem0/bin/$(PYTEST) tests/adapters tests/transfer
	$(BIN)/python tools/test_compat.py --slice 0.0.108 1.0.0

test-faces:
	$(BIN)/$(PYTEST) $(FACES)

test-engine:
	$(BIN)/$(PYTEST) $(FACES:%=--ignore=%)

test-postgres:
	TOLDONCE_TEST_STORE=postgres TOLDONCE_ISOLATION_REQUESTS=200 $(BIN)/$(PYTEST) tests/server/test_isolation.py tests/server/test_erasing.py

coverage: $(VENV)/.dev .venv-mem0/.dev
	$(BIN)/coverage erase
	$(MAKE) test PYTEST='coverage run -m pytest'
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.venv-mem0/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv .venv-mem0
	.venv-mem0/bin/python -m pip install --quiet --disable-pip-version-check -e '.[all,mem0,dev]' chromadb faiss-cpu
	@touch $@

test-compat: $(VENV)/.dev
	$(BIN)/python tools/test_compat.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

repeats: $(VENV)/.dev
	TOLDONCE_REPEAT_CONVERSATIONS=20000 $(BIN)/python -m pytest tests/remember/test_repeats.py

simulate: $(VENV)/.dev
	TOLDONCE_SIMULATED_CALLS=1000 $(BIN)/python -m pytest tests/pipecat/simulation -k two_people

crash: $(VENV)/.dev
	TOLDONCE_CRASH_ROUNDS=200 TOLDONCE_KILL_POINTS=5000 TOLDONCE_PIPELINE_RUNS=100 TOLDONCE_ERASE_KILLS=300 $(BIN)/python -m pytest tests/crash

damage: $(VENV)/.dev
	TOLDONCE_DAMAGE_TRIALS=2400 $(BIN)/python -m pytest tests/stores/test_damage.py
hostile: $(VENV)/.dev
	$(BIN)/python -m bench.hostile $(HOSTILE)

.venv-peers/.bench: bench/peers.txt | $(BIN)/python
	$(BIN)/python -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers.txt
	@touch $@

bench: $(VENV)/.dev .venv-peers/.bench
	$(BIN)/python -m bench $(BENCH)

eval-extraction: $(VENV)/.dev
	$(BIN)/python -m bench.extraction $(LLM_BASE_URL) $(LLM_MODEL)

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-mem0 .venv-peers .compat .mypy_cache .ruff_cache .pytest_cache
