# make help lists what you can ask for; make alone opens the notebooks. Works with GNU make 3.81 on.
BIN := .venv/bin
READY := .venv/.ready
PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3 python

# In a container one is often root, whom Jupyter refuses unless told.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# On Linux and x86-64 there is a TensorFlow without the parts for graphics cards: the same version,
# 0.6 GB smaller. TF=full takes the other.
TF := $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),cpu,full)
TENSORFLOW := tensorflow$(if $(filter cpu,$(TF)),-cpu)

# How many tests run at once, each in one thread: as many as there are cores.
N := 2
# A file's tests and a notebook's cells stay together, and what takes longest begins first.
PYTEST_OPTIONS := -n $(N) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := lab
.PHONY: help lab test test-all test-offline test-browser lint notebooks bench bench-handwriting record

help:  ## list what you can ask for
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s  %s\n", $$1, $$2 }' Makefile

lab: $(READY)  ## open notebook 01 in JupyterLab
	$(BIN)/jupyter lab $(AS_ROOT) --LabApp.default_url=/lab/tree/notebooks/01_data_exploration.ipynb

test: $(READY)  ## run the unit tests and every notebook; N=4 for four at a time
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

test-all: $(READY)  ## run all there is, without MNIST and in a browser too; BROWSER=no leaves that out
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) --whole --ignore tests/notebooks/test_runs.py
	$(BIN)/python -m pytest --whole tests/notebooks/test_runs.py
	$(MAKE) test-offline $(if $(filter no,$(BROWSER)),,test-browser)

test-offline: $(READY)  ## run the unit tests with no MNIST and no network
	$(BIN)/python tools/notebook_runner.py test-offline $(PYTEST_OPTIONS)

test-browser: $(READY)  ## draw on the sketchpad with the mouse, in a real browser
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-build-isolation -e ".[browser]"
	$(BIN)/python -m pytest tests/browser

lint: $(READY)  ## check form and style, notebooks included
	$(BIN)/ruff format --check
	$(BIN)/ruff check

notebooks: $(READY)  ## execute every notebook anew and store its outputs
	$(BIN)/python tools/notebook_runner.py notebooks

bench: $(READY)  ## measure how fast the networks learn and answer; QUICK=1 for a first look
	$(BIN)/python tools/benchmarks/speed.py $(if $(QUICK),--quick)

bench-handwriting: $(READY)  ## measure how well strangers' handwriting is read
	$(BIN)/python tools/benchmarks/handwriting.py

record: $(READY)  ## train what is missing of the networks that notebooks 08 and 09 look at
	$(BIN)/python tools/benchmarks/record.py

# Rebuilt where the pinned versions change; else every command above starts at once.
$(READY): requirements.lock pyproject.toml
	@python=; found=; \
	for name in $(PYTHONS); do \
	    $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	    found=$$name; \
	    $$name -c 'import ensurepip, venv' 2>/dev/null && python=$$name && break; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 found; install one, or name it: make lab PYTHON=/path/to/python" >&2; exit 1; \
	elif [ -z "$$python" ]; then \
	    echo "$$found cannot make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; \
	fi; \
	echo "Installing into .venv with $$python, once: about two minutes and $(if $(filter cpu,$(TF)),2.3,2.9) GB."; \
	$(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	    || $$python -m venv --clear .venv
	@sed 's/^tensorflow==/$(TENSORFLOW)==/' requirements.lock > .venv/requirements.txt
	@$(BIN)/python -m pip uninstall --yes --quiet $(filter-out $(TENSORFLOW),tensorflow tensorflow-cpu) 2>/dev/null || true
	@$(BIN)/python -m pip install --disable-pip-version-check -r .venv/requirements.txt || { \
	    echo "The installation failed; if pip found no tensorflow, see README: it has no wheel for some platforms." >&2; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements" >/dev/null 2>&1  # the news pop-up
	@touch $@
