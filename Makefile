## make demo                 train and compare models on English that comes with Python, and print the table
##                           (three to five minutes on two cores the first time, the build of the kernels included)
## make test                 run all tests
## make lint                 check style and format with ruff
## make types                check types with mypy
## make coverage             say which lines and branches no test runs; TESTS=tests/core for some tests only
## make bench                compare with KenLM and nltk.lm (docs/performance.md)
## make bench-growth         measure time and memory against the length of the text
## make bench-instructions   compare instruction counts with those recorded; UPDATE=1 records them
## make test-debug           run the tests on a build that checks all bounds
## make test-sanitize        run the tests with AddressSanitizer and UndefinedBehaviorSanitizer
## make fuzz                 give changed inputs to every reader; ARGS="arpa fast --runs 100000"
## make fuzz-guided          the same for one reader, guided by coverage and with sanitizers; TARGET=arpa (needs clang)
## make torture              let every system call of the commands that write fail in turn, and kill them there
## make mutants              change the source in places, and list changes that no test notices; SAMPLE=400 SEED=1
## make clean                delete everything that was built
## make help                 print this list
#
# All set up what they need in .venv; the only requirements are Python 3.11 or later and a C compiler.
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ORDERS ?= 3
BUILD_INPUTS := pyproject.toml setup.py $(wildcard $(foreach kind,pyx pxd h,ngramlm/*.$(kind) ngramlm/*/*.$(kind)))
# Prints requirements out of pyproject.toml, so that they are written down only there.
REQUIREMENTS := $(BIN)/python -c 'import functools, sys, tomllib; \
    table = functools.reduce(dict.__getitem__, sys.argv[1].split("."), tomllib.load(open("pyproject.toml", "rb"))); \
    print(*table, sep="\n")'

.PHONY: help demo test lint types coverage bench bench-growth bench-instructions test-debug test-sanitize \
    fuzz fuzz-guided torture mutants clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))
	@echo "(see CONTRIBUTING.md)"

# --- set-up -----------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is missing or older than 3.11; say which to use: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "the venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/installed: $(BUILD_INPUTS) | $(BIN)/python
	@echo "building ngramlm in $(VENV) (one to two minutes the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test: pyproject.toml | $(BIN)/python
	@$(REQUIREMENTS) project.optional-dependencies.test > $(VENV)/test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/test.txt
	@touch $@

$(VENV)/lint: pyproject.toml | $(BIN)/python
	@$(REQUIREMENTS) project.optional-dependencies.lint > $(VENV)/lint.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/lint.txt
	@touch $@

$(VENV)/coverage: pyproject.toml | $(BIN)/python
	@$(REQUIREMENTS) project.optional-dependencies.coverage > $(VENV)/coverage.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/coverage.txt
	@touch $@

$(VENV)/build: pyproject.toml | $(BIN)/python
	@$(REQUIREMENTS) build-system.requires > $(VENV)/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/build.txt
	@touch $@

# --- use --------------------------------------------------------------------------------------------------------

demo/corpus/test.txt: corpora/python_docs.py corpora/english.py | $(VENV)/installed
	$(BIN)/python -m ngramlm.corpora export python demo/corpus

demo: $(VENV)/installed demo/corpus/test.txt
	$(BIN)/ngramlm compare demo/corpus/train.txt --test demo/corpus/test.txt \
	    --heldout demo/corpus/heldout.txt --smoothing all --order $(ORDERS) \
	    --curve auto -o demo/report.html -o demo/report.md -o demo/report.json
	$(BIN)/ngramlm train demo/corpus/train.txt --order 5 -o demo/model.arpa
	$(BIN)/ngramlm train demo/corpus/train.txt --order 5 -o demo/model.ngram
	$(BIN)/ngramlm perplexity demo/model.ngram demo/corpus/test.txt
	@echo && echo "written: demo/report.html demo/report.md demo/report.json demo/model.arpa demo/model.ngram"

# Without bytecode on disk, each worker and each process of a test would compile every module and every test again.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/installed $(VENV)/test
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadscope

lint: $(VENV)/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# cli/ and corpora/ are installed as ngramlm.cli and ngramlm.corpora: mypy sees a tree of links that looks like that.
types: $(VENV)/installed $(VENV)/lint
	@rm -rf build/types && mkdir -p build/types/ngramlm
	@ln -s $(CURDIR)/ngramlm/* $(CURDIR)/cli $(CURDIR)/corpora build/types/ngramlm/
	@cp pyproject.toml build/types/
	cd build/types && $(abspath $(BIN))/mypy ngramlm

# make bench TEXT=books.txt TEST=other.txt KENLM=kenlm/build/bin ONLY=score REPEATS=9    (docs/performance.md)
TEXT ?= demo/corpus/train.txt
TEST ?= demo/corpus/test.txt
KENLM ?=
BENCH_ORDER ?= 5
REPEATS ?=
WORK ?= build/bench
BENCH_OPTIONS = --order $(BENCH_ORDER) --work "$(WORK)" $(if $(KENLM),--kenlm "$(KENLM)") \
    $(if $(REPEATS),--repeats $(REPEATS)) $(if $(THREADS),--threads $(THREADS))
bench: $(VENV)/installed demo/corpus/test.txt
	$(BIN)/python benchmarks/bench.py --text "$(TEXT)" --test "$(TEST)" $(BENCH_OPTIONS) \
	    $(if $(ONLY),--only "$(ONLY)") $(BENCH)

# millions of tokens; PLOT and FIGURES are written
SIZES ?= 1 3 10 30 100
PLOT ?= $(WORK)/growth.svg
FIGURES ?= $(WORK)/growth.json
bench-growth: $(VENV)/installed demo/corpus/test.txt
	$(BIN)/python benchmarks/growth.py --text "$(TEXT)" --sizes $(SIZES) --plot "$(PLOT)" --figures "$(FIGURES)" \
	    $(BENCH_OPTIONS) $(BENCH)

# compares with benchmarks/instructions.json, or records there: make bench-instructions UPDATE=1
bench-instructions: $(VENV)/installed
	$(BIN)/python benchmarks/instructions.py $(if $(UPDATE),--update)

# --- builds that check more -------------------------------------------------------------------------------------

# A copy of the sources is built in build/$*, so that the usual build in ngramlm/ stays as it is.
build/%/installed: $(BUILD_INPUTS) $(wildcard ngramlm/*.py ngramlm/*/*.py cli/*.py corpora/*.py) | $(VENV)/build
	rm -rf build/$* && mkdir -p build/$*
	cp -r ngramlm cli corpora setup.py pyproject.toml README.md LICENSE build/$*/
	find build/$* -name '*.so' -delete -o -name '_*.c' -delete
	cd build/$* && $(BUILD_FLAGS) $(abspath $(BIN))/python setup.py --quiet build --build-lib lib
	@touch $@

build/debug/installed: BUILD_FLAGS := NGRAMLM_CHECKED=1
build/sanitize/installed: BUILD_FLAGS := NGRAMLM_SANITIZE=1 NGRAMLM_CHECKED=1

test-debug: build/debug/installed $(VENV)/installed $(VENV)/test
	PYTHONPATH=$(CURDIR)/build/debug/lib $(BIN)/pytest -q $(TESTS)

test-sanitize: build/sanitize/installed $(VENV)/installed $(VENV)/test
	LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libstdc++.so)" \
	    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 PYTHONMALLOC=malloc \
	    PYTHONPATH=$(CURDIR)/build/sanitize/lib $(BIN)/pytest -q --capture=sys $(or $(TESTS),tests --ignore=tests/cli)

# --- machines that look for faults (docs/reliability.md) ----------------------------------------------------------

TORTURE := cd tests && PYTHONPATH=. $(abspath $(BIN))/python -W ignore -m
ARGS ?=
SAMPLE ?= 400
SEED ?= 1
TARGET ?= arpa
RUNS ?= 100000

fuzz: $(VENV)/installed $(VENV)/test
	$(TORTURE) torture.fuzz --output ../build/fuzz $(ARGS)

torture: $(VENV)/installed $(VENV)/test
	$(TORTURE) torture.faults $(ARGS)

build/mutants/record.json: $(wildcard ngramlm/*.py ngramlm/*/*.py) $(VENV)/installed $(VENV)/test $(VENV)/coverage
	$(TORTURE) torture.mutants --record

mutants: build/mutants/record.json $(VENV)/build
	$(TORTURE) torture.mutants --sample $(SAMPLE) --seed $(SEED) $(ARGS)

$(VENV)/fuzz: pyproject.toml | $(BIN)/python
	@$(REQUIREMENTS) project.optional-dependencies.fuzz > $(VENV)/fuzz.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/fuzz.txt
	@touch $@

CLANG ?= clang
build/fuzz/installed: $(BUILD_INPUTS) | $(VENV)/build
	CC=$(CLANG) LDSHARED="$(CLANG) -shared" NGRAMLM_SANITIZE=1 NGRAMLM_FUZZ=1 $(BIN)/python setup.py --quiet \
	    build --build-base build/fuzz --build-lib build/fuzz/lib
	@touch $@

# atheris brings the runtime of the sanitizers and of the fuzzer. It must be there before Python.
fuzz-guided: build/fuzz/installed $(VENV)/test $(VENV)/fuzz
	cp -r cli corpora build/fuzz/lib/ngramlm/
	cd tests && LD_PRELOAD="$$($(abspath $(BIN))/python -c 'import atheris; print(atheris.path())')/asan_with_fuzzer.so" \
	    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	    PYTHONMALLOC=malloc PYTHONPATH=../build/fuzz/lib:. FUZZ_FOLDER=../build/fuzz \
	    $(abspath $(BIN))/python -W ignore -m torture.guided $(TARGET) -runs=$(RUNS) $(ARGS)

# The kernels report each line that they run, so they are slow. Cython needs each .c file beside its kernel: this build
# is in place, in a tree that looks like the installed package.
COVERAGE := $(CURDIR)/build/coverage
build/coverage/installed: $(BUILD_INPUTS) | $(VENV)/build
	rm -rf build/coverage && mkdir -p build/coverage
	cp -r ngramlm setup.py pyproject.toml README.md LICENSE build/coverage/
	find build/coverage -name '*.so' -delete -o -name '_*.c' -delete
	cd build/coverage && NGRAMLM_COVERAGE=1 $(abspath $(BIN))/python setup.py --quiet build_ext --inplace
	@touch $@

coverage: build/coverage/installed $(VENV)/installed $(VENV)/test $(VENV)/coverage
	cp -r cli corpora build/coverage/ngramlm/
	cd ngramlm && find . -name '*.py' -exec cp --parents {} $(COVERAGE)/ngramlm/ \; # the Python files of now
	cd build/coverage && rm -f .coverage* && PYTHONPATH=$(COVERAGE) NGRAMLM_SHARED=$${NGRAMLM_SHARED:-$(CURDIR)/../shared} \
	    $(abspath $(BIN))/python -m coverage run -m pytest -q -c $(CURDIR)/pyproject.toml --timeout 1200 \
	    $(addprefix $(CURDIR)/,$(or $(TESTS),tests)) || true
	cd build/coverage && $(abspath $(BIN))/python -m coverage combine --quiet && \
	    $(abspath $(BIN))/python -m coverage report

clean:
	rm -rf build dist demo .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find ngramlm -name '_*.c' -delete -o -name '*.so' -delete -o -name '_*.html' -delete
	find . -name __pycache__ -prune -exec rm -rf {} +
