# Two commands do everything: `make demo` and `make test`. Each sets itself up in .venv, and nowhere else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  ?= $(or $(TMPDIR),/tmp)/cmengine-peers
BENCH  ?= $(or $(TMPDIR),/tmp)/cmengine-bench

.PHONY: demo test check suite laws faults docs wheel example bench bench-data format clean

demo: $(VENV)/demo.stamp
	@$(BIN)/cmengine demo

test: check docs suite wheel example

check: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

suite: $(VENV)/test.stamp
	@sh .ci/browser
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

laws: $(VENV)/test.stamp
	$(BIN)/python -m pytest -q -n 2 -m full -rA

# An hour or two of stops, full disks, races, flipped bits and power cuts; needs strace. After each part its
# figures are on the page: whatever stops it, what was measured until then stands there.
FAULTS ?= desks flipped_bits races power_cuts stops bad_disk
faults: $(VENV)/test.stamp
	@failed=0; for part in $(FAULTS); do \
		$(BIN)/python -m pytest -q -n 2 -m faults -rs -o junit_family=xunit1 \
			--junitxml=$(VENV)/faults-$$part.xml tests/faults/test_$$part.py || failed=1; \
		$(BIN)/python tests/faults/figures.py $(VENV)/faults-$$part.xml || failed=1; \
	done; exit $$failed

docs: $(VENV)/test.stamp
	$(BIN)/cog --check -P docs/*.md

wheel: $(VENV)/test.stamp
	@sh .ci/wheel $(BIN)/python

example: $(VENV)/test.stamp
	@sh .ci/newcomer $(BIN)/python
	@sh .ci/example $(BIN)/python

# Takes about three quarters of an hour; what it is compared with, and the data, go outside of this folder.
bench: bench-data
	$(BIN)/python benchmarks/all.py --keep $(BENCH) --peers $(PEERS)/bin/python --write
	$(BIN)/python benchmarks/growth.py --keep $(BENCH) --runs 3 --write

# A few minutes; a folder with data that fits is left as it is.
bench-data: $(VENV)/demo.stamp
	@sh .ci/venv "$(PYTHON)" $(PEERS) -e . -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/all.py --keep $(BENCH) --prepare
	$(BIN)/python benchmarks/growth.py --keep $(BENCH) --prepare

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/cog -r -P docs/*.md
	$(BIN)/python docs/generate.py

# Bring the catalogs up to date with the templates; what is new in them is then to be translated, and this done again.
translations: $(VENV)/test.stamp
	$(BIN)/pybabel -q extract -F cmengine/locale/babel.cfg --no-location -o $(VENV)/texts.pot cmengine/templates
	$(BIN)/pybabel -q update -D cmengine -d cmengine/locale -i $(VENV)/texts.pot -w 100 --no-fuzzy-matching --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -D cmengine -d cmengine/locale

$(VENV)/demo.stamp: pyproject.toml
	@sh .ci/venv "$(PYTHON)" $(VENV) -e .
	@touch $@

$(VENV)/test.stamp: pyproject.toml
	@sh .ci/venv "$(PYTHON)" $(VENV) -e '.[dev]'
	@touch $@ $(VENV)/demo.stamp

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
