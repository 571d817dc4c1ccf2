# Two commands on a fresh machine: `make up` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PY := .venv/bin/python
# Programs, plug-ins and jobs start often: without compiled modules each spends seconds on importing.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup up down status preview test test-fast check definitions lock bench clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup:  ## Install the Python packages and the Pulumi CLI that everything below uses
	@python3 tools/toolchain.py run

up: setup  ## Bring dev, prod and the registry up in the sandbox, with a trained, registered model
	@$(PY) -m mlops up --train

down:  ## Destroy the three stacks and stop the sandbox
	@$(PY) -m mlops down

status:  ## Show the three accounts, the registered versions and the executions
	@$(PY) -m mlops status

preview: setup  ## Preview the three stacks in the sandbox under the policy pack
	@$(PY) -m mlops preview

check: setup-test  ## Lint, types, stale definitions, stale locks
	@$(PY) -m ruff check --no-cache .
	@$(PY) -m ruff format --no-cache --check .
	@$(PY) -m mypy
	@.venv-definitions/bin/python -m ml.compile --check
	@python3 tools/toolchain.py check-locks

test: check  ## Everything that must pass before a merge
	@$(PY) -m pytest

.PHONY: test-jenkins
test-jenkins: setup-test  ## Execute the Jenkinsfile: every scenario of delivery, without a controller (part of test)
	@$(PY) -m pytest tests/jenkins tests/delivery

.PHONY: setup-test setup-definitions
setup-test: setup-definitions
	@python3 tools/toolchain.py test

setup-definitions:
	@python3 tools/toolchain.py definitions

.PHONY: prove-access prove-access-mutations
prove-access: setup-test  ## Say who can reach what, by which statement; write docs/access-matrix.md
	@$(PY) -m tools.access_matrix

prove-access-mutations: setup-test  ## Test the proof: drop or widen each part of each policy statement (minutes)
	@$(PY) -m tools.access_matrix mutations

.PHONY: test-jenkins-mutations
test-jenkins-mutations: setup-test  ## Test the scenarios of delivery: take out one guard at a time (many minutes)
	@$(PY) tests/jenkins/mutations.py

definitions: setup-definitions  ## Compile ml/pipelines into ml/definitions
	@.venv-definitions/bin/python -m ml.compile

lock:  ## Resolve requirements/*.in into locks again, taking newer versions
	@python3 tools/toolchain.py lock

.PHONY: facts plan review approve deploy smoke recover drift tell-failure ship-log
# What the stages of the Jenkinsfile call; STACK is registry, dev or prod, PLANS where a build keeps its plans.
PLANS ?= build/delivery
DELIVERY = $(PY) -m mlops delivery
NEEDS_STACK = $(if $(STACK),,$(error say which stack: make $@ STACK=prod))

facts: setup  ## Jenkins: print which roles a build assumes (PROD_ACCOUNT=... must be prod's)
	@$(DELIVERY) facts --prod-account "$(PROD_ACCOUNT)"

plan: setup  ## Jenkins: plan one stack under the policy pack, changing nothing (STACK=prod)
	@$(NEEDS_STACK)$(DELIVERY) plan --stack $(STACK) --folder $(PLANS)

review: setup  ## Jenkins, after check: prove access, then write the review of the plans (PUBLISH=1: as a comment)
	@mkdir -p $(PLANS)
	@$(PY) -m tools.access_matrix --summary $(PLANS)/access.json > $(PLANS)/access.log; proved=$$?; tail -n 20 $(PLANS)/access.log; \
	  $(DELIVERY) review --folder $(PLANS) --access $(PLANS)/access.json --output $(PLANS)/review.md \
	  $(if $(PUBLISH),--publish) && exit $$proved

approve: setup  ## Jenkins: write down that $APPROVER approved the plans
	@$(DELIVERY) approve --folder $(PLANS)

deploy: setup  ## Jenkins: apply the approved plan of one stack (STACK=prod OPTIONS=--without-plan)
	@$(NEEDS_STACK)$(DELIVERY) apply --stack $(STACK) --folder $(PLANS) $(OPTIONS)

smoke: setup  ## Jenkins: look whether an account has what was deployed, working (STACK=prod)
	@$(NEEDS_STACK)$(DELIVERY) smoke --stack $(STACK)

recover: setup  ## Jenkins: put a stack in order after a deployment that was cut off (STACK=prod)
	@$(NEEDS_STACK)$(DELIVERY) recover --stack $(STACK)

drift: setup  ## Jenkins: compare the three accounts with their stacks; mail what differs
	@$(DELIVERY) drift

tell-failure: setup  ## Jenkins: tell the alert topic that a deployment failed, with the end of $BUILD_LOG
	@$(DELIVERY) failed

ship-log: setup  ## Jenkins: put $BUILD_LOG into prod's log group
	@$(DELIVERY) log

bench: setup  ## Print the measurements of bench/
	@$(PY) -m bench

clean:  ## Remove the virtual environments and caches of this checkout (not the sandbox)
	rm -rf .venv .venv-definitions .pytest_cache .mypy_cache .ruff_cache build *.egg-info
