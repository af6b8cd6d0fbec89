# Debian or Ubuntu, Python 3.11 to 3.13, as root or with sudo. What each target does: docs/install.md
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo stop status clean test lint bench requirements docs translations

# make demo CKAN_PORT=5001 and CKAN_PORT=5001 make demo mean the same.
export CKAN_PORT PG_PORT REDIS_PORT SOLR_PORT PORTALS_PORT PYTHON CHROMIUM
# Where this is set, every process compiles CKAN and all libraries anew, five seconds each time.
unexport PYTHONDONTWRITEBYTECODE

TEST_WORKERS ?= 2
ARGS ?=
bin := .venv/bin

help:            ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

demo:            ## set up, start everything in the background, fill a demo catalogue, print log-ins
	@deploy/bootstrap.sh demo
	@$(bin)/python -W ignore -m deploy up

stop:            ## stop what was started
	@if [ -x $(bin)/python ]; then $(bin)/python -W ignore -m deploy stop; else echo "nothing was running"; fi

status:          ## say what runs
	@if [ -x $(bin)/python ]; then $(bin)/python -W ignore -m deploy status; else echo "nothing runs; start it with: make demo"; exit 3; fi

clean:           ## stop and delete all state in .run/
	@if [ -x $(bin)/python ]; then $(bin)/python -W ignore -m deploy clean; else rm -rf .run; fi

test:            ## all tests with a set-up of their own; ARGS goes to pytest
	@deploy/bootstrap.sh test
	@$(bin)/python -W ignore -m deploy test --workers $(TEST_WORKERS) $(ARGS)

lint:            ## ruff and pyright
	@deploy/bootstrap.sh test
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/pyright

bench:           ## benchmarks, each beside its peers
	@deploy/bootstrap.sh test
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(bin)/python "$$file"; done

docs:            ## write docs/configuration.md, docs/api.md and docs/leaks.md from the code
	@$(bin)/python -m docs.generate

translations:    ## find all texts anew, update and compile every language, print what is missing
	@$(bin)/python -W ignore -m docs.translations

requirements:    ## pin requirements/*.in anew
	@for name in test demo; do \
	  $(bin)/uv pip compile -q --universal --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt \
	    --custom-compile-command "make requirements"; done
