# Everything that a person or CI runs. PYTHON chooses the interpreter, ARGS goes to the program.
PYTHON ?= python3
ARGS ?=
SEEDS ?= 200
N ?= 50
MINUTES ?= 20
ENGINE ?= docker
# The tests start thousands of Pythons: without byte code each of them compiles all of us anew.
unexport PYTHONDONTWRITEBYTECODE
# One environment for each Python version, so that switching versions never mixes two of them.
VENV := .venv/$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
BIN := $(VENV)/bin
STAMP := $(VENV)/ready

.PHONY: deploy upgrade remove try-deploy runner-image test-image aws-lint aws-build aws-local aws-cold demo-aws attacks-aws chaos-aws demo test test-real test-presigned test-projects lint types check sim chaos soak fuzz bench screenshots clean
.DELETE_ON_ERROR:

# The lock lets two `make` run at once in one clone: the second waits and finds the work done.
$(STAMP): pyproject.toml infra/venv
	@$(PYTHON) infra/venv $(VENV)

demo: $(STAMP)
	@$(BIN)/python -m dishwasher demo $(ARGS)

# What starts a whole bot or machine for each case takes minutes more; it says how many are left out.
# Each process reads all tests first, for some ten seconds, so that more than four gain little.
test: $(STAMP)
	@$(BIN)/python -m pytest -q -m "not slow" -n auto --maxprocesses 4 $(ARGS)

# For what speaks with AWS, on this machine: too much to bring to everybody who tries the demo.
AWS := $(VENV)/ready-aws
$(AWS): $(STAMP) pyproject.toml infra/venv
	@$(PYTHON) infra/venv $(VENV) aws,aws-local ready-aws

# Side by side what can be; what is slow has a machine to itself, because it measures or fills one,
# and without coverage: its thousands of processes took 1.7 times the processor time with it.
REAL = DISHWASHER_TEST_REAL=1 $(BIN)/python -m pytest -q
# pytest's exit code where ARGS has chosen none of these.
NONE := 5
test-real: $(STAMP) $(AWS)
	@infra/ci-packages
	@$(REAL) -m "not slow" -n auto --maxprocesses 4 --cov --cov-report= $(ARGS) || test $$? = $(NONE)
	@$(REAL) -m slow $(ARGS) || test $$? = $(NONE)
	@$(BIN)/python infra/coverage

# Minutes to install, for Python 3.13 alone; moto, which all other tests use, takes any signature.
LOCALSTACK := .venv/localstack
$(LOCALSTACK)/ready: infra/localstack.txt
	@python3.13 -m venv $(LOCALSTACK)
	@$(LOCALSTACK)/bin/pip install -q --disable-pip-version-check -r infra/localstack.txt
	@touch $@

test-presigned: $(AWS) $(LOCALSTACK)/ready
	@DISHWASHER_TEST_LOCALSTACK=$(CURDIR)/$(LOCALSTACK)/bin/python $(BIN)/python -m pytest -q \
		tests/aws tests/contract/test_blobs.py -k "presigned or localstack" $(ARGS)

# Minutes, and whatever the package indexes give: of these CI runs the article's file alone.
test-projects: $(STAMP)
	@infra/ci-packages
	@DISHWASHER_TEST_REAL=1 DISHWASHER_TEST_PROJECTS=1 $(BIN)/python -m pytest -q tests/cms $(ARGS)

# What reads template.yaml wants versions of its own, of packages that we use too.
SAM := $(VENV)-sam
$(SAM)/ready: pyproject.toml infra/venv
	@$(PYTHON) infra/venv $(SAM) aws,aws-local,demo,sam

CHECKOV := $(VENV)-checkov
$(CHECKOV)/ready: pyproject.toml infra/venv
	@$(PYTHON) infra/venv $(CHECKOV) checkov

# Nothing of it leaves this machine: region and account are made up.
aws-lint: export AWS_DEFAULT_REGION = us-east-1
aws-lint: export SAM_CLI_TELEMETRY = 0
aws-lint: $(SAM)/ready $(CHECKOV)/ready
	@$(SAM)/bin/cfn-lint template.yaml infra/watch.yaml
	@$(SAM)/bin/sam validate --lint
	@$(CHECKOV)/bin/checkov --config-file .checkov.yaml

# What `sam deploy` uploads, with byte code; it needs the Python of the template's Runtime.
aws-build: $(SAM)/ready
	@$(SAM)/bin/python infra/aws-build build/aws $(ARGS)

# The stack of template.yaml on this machine, without docker; minutes at first, for `sam build`.
aws-local: $(SAM)/ready
	@$(SAM)/bin/python -m tests.aws_local $(ARGS)

# The demo's story, told of that stack and then of the embedded mode, and compared.
demo-aws: $(SAM)/ready
	@$(SAM)/bin/python -m tests.aws_local --demo $(ARGS)

# What jobs run in; ARGS="--build-arg BASE=debian:trixie-slim" for another system below it.
runner-image:
	@$(ENGINE) build -f infra/runner/Dockerfile -t dishwasher-runner $(ARGS) .

# Builds it and uses it as docker, CodeBuild and Lambda do: ten minutes, of which CI runs none.
test-image: $(SAM)/ready
	@$(SAM)/bin/python -m tests.image $(ARGS)

# Hostile jobs on that stack, each of which is to get nothing; needs root, for what stands for walls.
attacks-aws: $(SAM)/ready
	@$(SAM)/bin/python -m tests.aws_local.attacks $(ARGS)

# Functions of that stack killed at random moments, messages twice, late and lost.
chaos-aws: $(SAM)/ready
	@$(SAM)/bin/python -m tests.aws_local.chaos --kills $(N) $(ARGS)

# Into your own AWS account: AWS_PROFILE and AWS_REGION say where, ARGS="--stack NAME" as what.
deploy upgrade remove: $(SAM)/ready
	@$(SAM)/bin/python -m dishwasher.cli.cloud $@ $(ARGS)

# All three of them with SAM itself, against an AWS and a GitHub on this machine; minutes.
try-deploy: $(SAM)/ready
	@$(SAM)/bin/python -m tests.aws_local.deploying

# The webhook's cold answer beside the least that could be one; ARGS=--instructions where others work.
aws-cold: $(SAM)/ready
	@$(SAM)/bin/python -m bench.coldstart $(ARGS)

lint: $(STAMP)
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .

types: $(STAMP)
	@$(BIN)/python -m mypy

sim: $(STAMP)
	@$(BIN)/python -m tests.sim --seeds $(SEEDS) $(ARGS)

chaos: $(STAMP)
	@$(BIN)/python -m tests.chaos --kills $(N) $(ARGS)

# Minutes, at low priority; everything that is sent is accounted for.
soak: $(STAMP)
	@$(BIN)/python -m tests.soak $(ARGS)

# atheris comes for Linux on x86_64 alone, so that only who fuzzes needs it.
FUZZ := $(VENV)-fuzz
$(FUZZ)/ready: pyproject.toml infra/venv
	@$(PYTHON) infra/venv $(FUZZ) fuzz

fuzz: $(FUZZ)/ready
	@$(FUZZ)/bin/python -m tests.fuzz --minutes $(MINUTES) $(ARGS)

bench: $(STAMP)
	@$(BIN)/python -m bench.validate
	@$(BIN)/python -m bench.runner
	@$(BIN)/python -m bench.sandbox
	@$(BIN)/python -m bench.egress
	@$(BIN)/python -m bench.cache
	@$(BIN)/python -m bench.prepared
	@$(BIN)/python -m bench.checkout
	@$(BIN)/python -m bench.history
	@$(BIN)/python -m bench.webhook $(ARGS)
	@$(BIN)/python -m bench.idle

screenshots: $(STAMP)
	@$(BIN)/python infra/screenshots

check: lint types sim aws-lint
	@$(BIN)/python -m pytest -q tests/test_architecture.py

clean:
	rm -rf .venv build .coverage* .mypy_cache .ruff_cache .pytest_cache
