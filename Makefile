# Every target does its own set-up: on a machine with git, make and Python 3.11 or newer each one is enough.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

TOOLS := .tools
# Where the page is bundled. The bundle is in git, so only who changes the page needs Node (docs/decisions/0031).
PAGE ?= cli/page/dist
UV_VERSION := 0.13.9
UV := $(TOOLS)/uv/bin/uv
PYTHON ?= python3
# Lambda runs 3.13. The runtime's stand-ins use a 3.13 of this machine where there is one, else the default Python.
PYTHON_313 := $(shell for p in $$(command -v python3.13) $$HOME/.pyenv/versions/3.13*/bin/python3.13; do \
                $$p -c '' 2>/dev/null && { echo $$p; break; }; done || true)
RUNTIME_PYTHON := $(or $(PYTHON_313),$(PYTHON))
export UV_PYTHON_DOWNLOADS := never
export SAM_CLI_TELEMETRY := 0

# make build TEMPLATES=../our/templates: those of another folder, relative to the one in which make runs. What make calls
# gets the whole path, also by way of `sam build`.
ifneq ($(TEMPLATES),)
export NOTIFIER_TEMPLATES := $(if $(filter /%,$(firstword $(TEMPLATES))),,$(CURDIR)/)$(TEMPLATES)
endif

.PHONY: help setup lab page editor demo demo-once lint test unit fuzz soak soak-poll check build image bench bench-discovery docs lock clean build-NotifierFunction

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: .venv/.ready  ## The tools in .venv (.venv/bin/notifier)
lab: setup $(TOOLS)/sam/.ready $(TOOLS)/ministack/.ready $(TOOLS)/runtime/.ready $(TOOLS)/aws/.ready  ## The local cloud's parts


editor: $(TOOLS)/editor/.ready  ## What editors check templates with, for its test

# make demo DATABASE=mysql; make test DATABASE=mysql. Without it the demo has MariaDB, and the tests have both.
export DATABASE
DATABASE_OPTION = $(if $(DATABASE),--database $(DATABASE))
# make demo SQL=my.sql: the tables of a dump. make demo DB='mysql://reader@localhost/shop;tls=off': those of a database.
TABLES_OPTION = $(if $(SQL),--sql '$(SQL)') $(if $(DB),--db '$(DB)')
demo: lab  ## The local cloud, kept running until Ctrl-C
	.venv/bin/notifier demo $(DATABASE_OPTION) $(TABLES_OPTION)
demo-once: lab  ## Build, deploy, publish, print the posts, tear down
	.venv/bin/notifier demo --once $(DATABASE_OPTION) $(TABLES_OPTION)

# The tests run in this many processes; WORKERS=0 runs them in one, in which a debugger works.
WORKERS ?= 3
PYTEST = .venv/bin/pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder
test: lab editor $(TOOLS)/page/.ready  ## Unit, integration, infrastructure and end-to-end tests
	$(PYTEST) $(PYTEST_ARGS)

unit: setup  ## The part that needs no local cloud, and no Linux: the templates and the unit tests
	.venv/bin/notifier lint
	.venv/bin/notifier test
	$(PYTEST) tests/unit $(PYTEST_ARGS)

# make fuzz FUZZ=100000; as many of each.
FUZZ ?= 20000
fuzz: setup  ## Random events, rows, templates and answers through the whole pipeline, for about an hour
	FUZZ_EXAMPLES=$(FUZZ) .venv/bin/pytest tests/unit/test_fuzz.py --timeout=0

# make soak EVENTS=2000 SEED=1 SOAK_ARGS=--webhook; without SEED it is a random one, which is printed.
EVENTS ?= 20000
soak: lab  ## The proof that nothing is lost: the real function under random faults, for an hour or two
	.venv/bin/python -m lab.soak --events $(EVENTS) $(if $(SEED),--seed $(SEED)) $(SOAK_ARGS)

# make soak-poll SEEDS=3 ROWS=5000 SEED=1 KIND=time DATABASE=mysql; without SEED the first one is random, and printed.
# KIND is ids, watched or time; without it the seeds take turns.
SEEDS ?= 20
ROWS ?= 5000
soak-poll: lab  ## The same for polls: every row and every change once, in about twenty minutes
	.venv/bin/python -m lab.poll_soak --seeds $(SEEDS) --rows $(ROWS) $(if $(SEED),--seed $(SEED)) $(if $(KIND),--kind $(KIND)) $(DATABASE_OPTION)

lint: setup  ## The templates and their approved messages alone: make lint TEMPLATES=../our/templates
	.venv/bin/notifier lint
	.venv/bin/notifier test

check: setup $(TOOLS)/sam/.ready $(TOOLS)/checkov/.ready  ## The static part: style, types, imports, templates and their approved messages, the workflow
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/notifier lint
	.venv/bin/notifier test
	.venv/bin/python -m tests.infra.lint_stacks
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/zizmor --offline --quiet .github/workflows

build: setup $(TOOLS)/sam/.ready  ## The function's package, in .aws-sam/build; RELEASE=1 fails where there is no Python 3.13 to compile it
	$(TOOLS)/sam/bin/sam build

image: setup $(TOOLS)/sam/.ready  ## The function as a container image, with Docker; its contents are in .aws-sam/image
	rm -rf .aws-sam/image && mkdir -p .aws-sam/image
	$(MAKE) --no-print-directory build-NotifierFunction ARTIFACTS_DIR=.aws-sam/image
	$(TOOLS)/sam/bin/sam build --template template-image.yaml --build-dir .aws-sam/build-image

bench: lab  ## The figures that the docs quote
	.venv/bin/python -m bench

bench-discovery: lab  ## Of these, the paths to an API
	.venv/bin/python -m bench.discovery
	.venv/bin/python -m bench.discovery_policies

docs: setup  ## What is made from the program and the template: pages of docs/, template-image.yaml, the function's role
	.venv/bin/python -m cli.reference
	.venv/bin/python -m cli.packaging.image
	.venv/bin/python -m cli.packaging.role

lock: $(UV)  ## requirements/*.txt from requirements/*.in
	cd requirements && for f in *.in; do ../$(UV) pip compile -q --generate-hashes --universal --python-version 3.11 \
	  --custom-compile-command "make lock" $$f -o $${f%.in}.txt; done

clean:  ## Remove what was installed and built here
	rm -rf .venv $(TOOLS) .aws-sam

# What `sam build` calls for the function (BuildMethod: makefile). ARTIFACTS_DIR is SAM's word.
build-NotifierFunction: .venv/.ready
	$(UV) pip install -q --link-mode copy --target "$(ARTIFACTS_DIR)" --python-version 3.13 --python-platform aarch64-manylinux2014 \
	  --only-binary :all: --require-hashes -r requirements/function.txt
	.venv/bin/notifier bundle "$(ARTIFACTS_DIR)" $(if $(PYTHON_313),--python $(PYTHON_313)) $(if $(RELEASE),--release)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.13 ..."; exit 1; }
	$(PYTHON) -m venv $(TOOLS)/uv || { echo "The venv module is missing (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(TOOLS)/uv/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: requirements/dev.txt pyproject.toml $(UV)
	$(UV) venv -q --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync -q --python .venv requirements/dev.txt
	$(UV) pip install -q --python .venv --no-deps --editable .
	@touch $@

$(TOOLS)/%/.ready: requirements/%.txt $(UV)
	$(UV) venv -q --allow-existing --python $(if $(filter ministack runtime,$*),$(RUNTIME_PYTHON),$(PYTHON)) $(TOOLS)/$*
	$(UV) pip sync -q --python $(TOOLS)/$* requirements/$*.txt
	@touch $@

# npm is this machine's, else PyPI's. Nothing that a package wants to run at its installation is run.
NPM := $(if $(shell command -v npm),,$(TOOLS)/node/.ready)
page $(TOOLS)/page/.ready $(TOOLS)/editor/.ready: export PATH := $(CURDIR)/$(TOOLS)/page/node_modules/.bin:$(if $(NPM),$(CURDIR)/$(TOOLS)/node/bin:)$(PATH)
install_npm = mkdir -p $(@D) && cp $(filter %.json,$^) $(@D)/ && npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
$(TOOLS)/editor/.ready: tests/editor/package.json tests/editor/package-lock.json $(NPM)
	$(install_npm)
	@touch $@
$(TOOLS)/page/.ready: cli/page/package.json cli/page/package-lock.json $(NPM)
	$(install_npm)
	@touch $@
page: $(TOOLS)/page/.ready  ## The page of the workbench and of the demo, bundled anew; commit it with what you changed
	NODE_PATH=$(TOOLS)/page/node_modules esbuild cli/page/src/app.jsx --bundle --minify --jsx=automatic --target=es2022 \
	  --define:process.env.NODE_ENV='"production"' --outdir=$(PAGE) --log-level=warning
