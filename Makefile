# Every target builds its own environment first, in .venv.
PYTHON ?= python3
BIN := .venv/bin
PAGE := _build/html/index.html
SOURCES := _config.yml _toc.yml $(shell find book companion -type f \
	-not -path '*/.ipynb_checkpoints/*' -not -name '*.pyc')

# TensorFlow writes log lines to stderr; none belongs in a notebook.
export TF_CPP_MIN_LOG_LEVEL := 3
export TF_ENABLE_ONEDNN_OPTS := 0
export PYTHONHASHSEED := 0
# TensorFlow 2.21 makes glibc give memory back after every batch of a
# generator (tf.data's GeneratorDataset sets M_TRIM_THRESHOLD); keeping
# 64 MiB at hand makes `fit` on a generator about twice as fast.
export MALLOC_TOP_PAD_ := 67108864
# Bytecode saves 20 s at each import of TensorFlow.
unexport PYTHONDONTWRITEBYTECODE

# A book with warnings is not built, although its files are there.
.DELETE_ON_ERROR:

# The lock holds for Linux x86-64; elsewhere pip resolves pyproject.toml.
ifeq ($(shell uname -sm),Linux x86_64)
REQUIREMENTS := -r requirements.txt
else
REQUIREMENTS := -e .[book,test,classroom]
endif

# Two processes share the tests, those of a file in the same one. Pages
# begin, since some take long: nobody shall wait for one at the end.
TWICE := -n 2 --dist loadscope --no-loadscope-reorder

.PHONY: help book test check lint lab notebooks proofs sheets classroom \
	grade benchmark agreement test-jax test-distributed test-grading \
	test-browser clean

help:  ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' \
	| awk -F'\t' '{printf "make %-13s %s\n", $$1, $$2}'

.venv/ready: pyproject.toml requirements.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(REQUIREMENTS)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -c "import matplotlib.pyplot"  # builds its font cache
	touch $@

# All pages anew: of a part, Sphinx writes a search index without messages.
$(PAGE): .venv/ready $(SOURCES)
	$(BIN)/jupyter-book build . --all -n -W --keep-going --quiet
	@touch $@

book: $(PAGE)  ## build the book and print the path of its first page
	@echo "$(CURDIR)/$(PAGE)"

test: lint $(PAGE)  ## run every test, and every notebook
	$(BIN)/pytest $(TWICE) --nbval --ignore book/graded book companion tests

check: lint  ## quick tests, for before a commit; CHAPTER=x runs a page
	$(BIN)/pytest -m "not browser and not slow and not distributed \
	and not grading" $(TWICE) companion tests
	$(if $(CHAPTER),$(BIN)/pytest --nbval $(or $(shell find book \
	-name '$(CHAPTER).ipynb'),book/$(CHAPTER).ipynb) tests/test_book.py)

lint: .venv/ready  ## format, types, and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lab: .venv/ready  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

notebooks: .venv/ready  ## run notebooks and store their outputs; CHAPTER=x
	$(BIN)/python -m companion.lab.pages execute $(CHAPTER)

proofs: .venv/ready  ## measure every claim over five seeds; CHAPTER=x
	$(BIN)/python -m companion.lab.pages proofs $(CHAPTER)
	$(BIN)/python -m companion.lab.pages execute status

# The page "Classroom" tells more of these three.
CLASSROOM := $(BIN)/python -W ignore -m companion.lab.classroom
SHEETS ?= book/graded

# A sheet that is there already stays as it is: it may hold answers.
sheets: .venv/ready  ## copies of the exercise sheets without solutions
	@$(CLASSROOM) practice

classroom: .venv/ready  ## graded sheets for a class; SEED=2026 [WHEELS=1]
	$(CLASSROOM) make --sheets "$(SHEETS)" "$(SEED)"
	$(if $(filter 1,$(WHEELS)),$(BIN)/pip download --quiet -r requirements.txt \
	--dest _build/classroom/wheels)

grade: .venv/ready  ## scores and feedback; SUBMISSIONS=folder SHEET=name
	$(CLASSROOM) grade "$(SUBMISSIONS)" $(if $(SHEET),--sheet "$(SHEET)") \
	$(if $(ID),--id '$(ID)') $(if $(SECONDS),--seconds $(SECONDS)) \
	$(if $(filter 1,$(TRUSTED)),--trusted)

benchmark: .venv/ready  ## speed of all routes into fit, of order and check
	$(BIN)/python tests/benchmark/benchmark.py
	$(BIN)/python tests/benchmark/scale.py
	$(BIN)/python tests/benchmark/large.py
	$(BIN)/python tests/benchmark/checking.py

agreement: .venv/ready  ## hold check against fit: situations, random pairs
	$(BIN)/python -W ignore tests/agreement
	$(BIN)/python -W ignore tests/agreement --pairs 2000

test-jax: .venv/ready  ## every builder and generator, with Keras on JAX
	KERAS_BACKEND=jax $(BIN)/pytest $(TWICE) tests/conformance \
	tests/test_layers.py

# Engines and stores beside TensorFlow; nothing else needs them.
.venv/distributed: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check \
	-c requirements.txt -e .[distributed]
	touch $@

test-distributed: .venv/distributed  ## several processes, stores of data
	$(BIN)/pytest -m distributed tests/distributed

test-grading: .venv/ready  ## grade 30 submissions, good and bad, in bwrap
	$(BIN)/pytest -m grading tests/grading

# The longest test first, so that it is not waited for at the end.
SEARCH := tests/browser/test_search.py
test-browser: $(PAGE)  ## open every page in Chromium
	$(BIN)/pytest -m browser -n 2 --dist worksteal \
	$(SEARCH) $(filter-out $(SEARCH),$(wildcard tests/browser/test_*.py))

clean:  ## remove what make made, except sheets with answers and grades
	rm -rf .venv *.egg-info .hypothesis .mypy_cache .ruff_cache
	mkdir -p _build
	find _build -mindepth 1 -maxdepth 1 ! -name sheets ! -name classroom -exec rm -r {} +
