# Each target sets up what it needs, and passes ARGS="…" to its command.
.DEFAULT_GOAL := help
.PHONY: help setup compare test test-once test-deploy test-aws_lambda test-aws_ecs test-data_api test-mysql test-dsql test-matrix serve check check-templates browser-test instruments bench verdicts separate-verdicts live-verdicts generator quick-runs saved-run faults conformance versions weekly verbs killed-verbs image image-test image-test-builds image-test-starts image-test-faults docs lock

# With this variable Python starts four times as slowly, which would distort measurements.
unexport PYTHONDONTWRITEBYTECODE

ARGS ?=
LOCK ?= newest
BIN := .venv/bin
READY := .venv/.ready
CHECKOV_READY := .venv-templates/.ready
MINISTACK_READY := .venv-ministack/.ready
# Locust is here because gevent replaces parts of the standard library.
INSTRUMENTS := sentry opentelemetry datadog newrelic elastic locust
INSTRUMENTS_READY := $(INSTRUMENTS:%=.venv-instruments/%/.ready)
# Two parts run at once, unless the call of make says how many (`make --jobs=3 --output-sync=target test`).
OWN_JOBS = $(if $(filter -j% --jobs%,$(MAKEFLAGS)),,--jobs=2 --output-sync=target)
TESTS_READY := $(READY) $(CHECKOV_READY) $(MINISTACK_READY) $(INSTRUMENTS_READY)
PYTEST := $(BIN)/python -m pytest
# Tests of the same file share fixtures, so they run on one worker. Files start in the order of their names: the longest
# ones have few tests, so that in the order of their number of tests they would be the last, and a worker would run one
# while the others have nothing to do. The last ones are now the short files of tests/unit.
PARALLEL := --dist loadfile --no-loadscope-reorder

help:            ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

setup: $(READY)  ## Install everything that the other targets need

$(READY): requirements/development.txt pyproject.toml scripts/setup.sh
	@scripts/setup.sh

compare: $(READY)  ## Run the application under every runtime and report the results
	@$(BIN)/webapp compare $(ARGS)

serve: $(READY)  ## Serve the application at http://127.0.0.1:8000 on an embedded PostgreSQL
	@$(BIN)/webapp serve $(ARGS)

test: $(TESTS_READY)  ## Run all tests; those of the application run under both profiles, and the sample's on the Data API, MariaDB and Aurora DSQL
	@$(MAKE) --no-print-directory --keep-going $(OWN_JOBS) test-once test-deploy test-aws_lambda test-aws_ecs \
		test-mysql test-dsql test-data_api

# Most tests wait for other processes, so there are more workers than cores.
test-deploy: $(TESTS_READY)
	$(PYTEST) tests/deploy -m "profile_free and not verbs and not weekly" -n 3 $(PARALLEL) $(ARGS)

test-once: $(TESTS_READY)
	$(PYTEST) --ignore tests/deploy -m "profile_free and not faults and not image and not verbs and not weekly" \
		-n 4 $(PARALLEL) $(ARGS)

# Tests outside tests/integration do not depend on the profile, and their collection takes as long as some tests.
test-aws_lambda test-aws_ecs: test-%: $(READY)
	WEBAPP_RUNTIME=$* $(PYTEST) tests/integration -m "not profile_free and not weekly" $(ARGS)

# The tests of the sample application on the engine of the Data API, whose stand-in is in front of the same PostgreSQL.
test-data_api: $(READY)
	WEBAPP_RUNTIME=aws_lambda WEBAPP_DB_ROUTE=data_api $(PYTEST) tests/integration/guestbook tests/integration/accounts \
		-m "not profile_free and not weekly" $(ARGS)

# The same tests on a real MariaDB, under both profiles; for the first one, no statement may pin RDS Proxy.
test-mysql: $(READY)  ## Run the sample's tests on MariaDB
	WEBAPP_RUNTIME=aws_lambda WEBAPP_DB_ENGINE=mysql $(BIN)/webapp pinlint tests/integration/guestbook \
		tests/integration/accounts -m "not profile_free and not weekly" $(ARGS)
	WEBAPP_RUNTIME=aws_ecs WEBAPP_DB_ENGINE=mysql $(PYTEST) tests/integration/guestbook tests/integration/accounts \
		-m "not profile_free and not weekly" $(ARGS)

# The same tests on the stand-in for Aurora DSQL.
test-dsql: $(READY)  ## Run the sample's tests on the stand-in for Aurora DSQL, under both profiles
	WEBAPP_RUNTIME=aws_lambda WEBAPP_DB_ENGINE=dsql $(PYTEST) tests/integration/guestbook tests/integration/accounts \
		-m "not profile_free and not weekly" $(ARGS)
	WEBAPP_RUNTIME=aws_ecs WEBAPP_DB_ENGINE=dsql $(PYTEST) tests/integration/guestbook tests/integration/accounts \
		-m "not profile_free and not weekly" $(ARGS)

test-matrix:     ## Run the tests in clones under other paths, users, locales, orders and loads (ARGS="spaces user")
	@scripts/test_matrix.sh $(ARGS)

# checkov has a separate environment, since it requires a two-year-old boto3.
$(CHECKOV_READY): requirements/template-checks.txt | $(READY)
	$(BIN)/python -m venv --clear .venv-templates
	.venv-templates/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# ministack requires another botocore than boto3 does.
$(MINISTACK_READY): requirements/ministack.txt | $(READY)
	$(BIN)/python -m venv --clear .venv-ministack
	.venv-ministack/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Each tool gets an environment of its own, since they all patch the same code.
$(INSTRUMENTS_READY): .venv-instruments/%/.ready: requirements/instruments/%.txt scripts/instrument.sh | $(READY)
	scripts/instrument.sh $*

instruments: $(INSTRUMENTS_READY)  ## Create the environments of the tools that instrument Django

check-templates: $(READY) $(CHECKOV_READY)  ## Lint the templates in deploy/ and check them against the code
	$(PYTEST) tests/deploy $(ARGS)

# Part of `make test`.
browser-test: $(READY)  ## Use the pages of the guestbook and the reports in Chromium
	$(PYTEST) tests/browser $(ARGS)

# The report is written even if a case fails.
faults: $(READY)  ## Inject faults into the running system and write reports/faults.md
	$(PYTEST) tests/faults -m faults $(ARGS)

conformance: $(READY) $(MINISTACK_READY)  ## Run Django's own suites on our handlers and engine, and on Django's (ARGS="--way engine backends")
	@$(BIN)/python -m tests.conformance $(ARGS)

versions: $(READY) $(MINISTACK_READY)  ## Run the tests with another lock file and Python (LOCK=newest or lowest, PYTHON=python3.13)
	@scripts/test_versions.sh $(LOCK) $(ARGS)

# Every part runs, even if an earlier one fails. The fourth part repeats cases of `make faults`: writes during a kill, a
# restart or a failover. The last part kills the verbs at every step on every target.
weekly: $(READY) $(MINISTACK_READY)  ## Run the long tests, all labels of Django's suites, the image's durations, and the fault cases on lost writes
	@status=0; \
	$(PYTEST) -m "weekly and not image" --durations=10 $(ARGS) || status=1; \
	$(BIN)/python -m tests.conformance --all || status=1; \
	scripts/image_tools.sh $(PYTEST) tests/image -m "image and (quiet or weekly)" || status=1; \
	$(PYTEST) tests/faults/test_crashes.py tests/faults/test_writes.py -m faults -k "crash or killed or write" || status=1; \
	$(PYTEST) tests/deploy/verbs -m verbs -k test_killed -n 2 || status=1; \
	exit $$status

image: $(READY)  ## Build the image localhost/webapp with podman, without a daemon or a registry
	@scripts/image_tools.sh $(BIN)/python -c "from tests.image.podman import build; build('--tag', 'localhost/webapp')"
	@echo "run it:     scripts/image_tools.sh podman run -p 127.0.0.1:8000:8000 -e DATABASE_URL=… localhost/webapp"
	@echo "compare it: scripts/image_tools.sh $(BIN)/webapp compare --image localhost/webapp"

# These parts wait most of the time. The first command builds the image, so that each part finds its layers in the cache.
# ARGS may select tests of one part only, so with them one process runs all.
image-test: $(READY)  ## Start the image as each runtime, inject faults and write reports/image.json
	@rm -f reports/image.json
ifeq ($(ARGS),)
	@scripts/image_tools.sh $(BIN)/python -c "from tests.image.podman import build; build()"
	@$(MAKE) --no-print-directory --keep-going $(OWN_JOBS) image-test-builds image-test-faults image-test-starts
else
	@scripts/image_tools.sh $(PYTEST) tests/image -m "image and not quiet and not weekly" $(ARGS)
endif

# The tests that build other images take as long as all others.
IMAGE_BUILDS := $(addprefix tests/image/,test_bars.py test_drivers.py test_projects.py test_versions.py)

image-test-builds: $(READY)
	@scripts/image_tools.sh $(PYTEST) $(IMAGE_BUILDS) -m "image and not quiet and not weekly"

image-test-faults: $(READY)
	@scripts/image_tools.sh $(PYTEST) tests/image/faults -m "image and not quiet and not weekly"

image-test-starts: $(READY)
	@scripts/image_tools.sh $(PYTEST) tests/image $(IMAGE_BUILDS:%=--ignore %) --ignore tests/image/faults \
		-m "image and not quiet and not weekly"

verbs: $(READY)  ## Deploy, update, roll back and destroy every target on a stand-in for AWS, with a kill at every step
	$(PYTEST) tests/deploy/verbs tests/integration/deploy -m verbs -n 2 $(ARGS)

killed-verbs: $(READY)  ## Kill every verb at every step on Lambda and ECS, as CI does
	$(PYTEST) tests/deploy/verbs -m verbs -k "test_killed and not app_runner and not express" -n 2

check: $(READY)  ## Check lint rules, types, import contracts and prose
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile tests/image/equality/Dockerfile
	$(BIN)/python scripts/check_prose.py

bench: $(READY)  ## Measure this project and its peers, and write benchmarks/results/
	@$(BIN)/python -m benchmarks $(ARGS)

verdicts: $(READY)  ## Count how often the verdicts of the comparison are right, in 1,000 simulated runs
	@$(BIN)/python -m benchmarks.compare.verdicts

separate-verdicts: $(READY)  ## Count how often verdicts on two separate runs are right, on simulated machines that drift
	@$(BIN)/python -m benchmarks.compare.separate_verdicts

live-verdicts: $(READY)  ## Count the verdicts of five comparisons while another process keeps one core half busy
	@$(BIN)/python -m benchmarks.compare.live_verdicts $(ARGS)

generator: $(READY)  ## Measure how punctually the comparison's load generator sends 5,000 requests/s
	@$(BIN)/python -m benchmarks.compare.generator $(ARGS)

quick-runs: $(READY)  ## Measure how long `webapp compare --quick` takes (ARGS="guestbook gallery stock" chooses projects)
	@$(BIN)/python -m benchmarks.compare.quick_runs $(ARGS)

saved-run: $(READY)  ## Measure how long `webapp report` takes for a saved run of a million samples
	@$(BIN)/python -m benchmarks.compare.saved_run

docs: $(READY)  ## Write docs/settings.md from the table of variables and the list of settings
	$(BIN)/python -c "from django_runtimes.adopt.listed_names import render_page; print(render_page(), end='')" > docs/settings.md

# The lock files contain no index addresses, so that each user chooses the index. Needs uv.
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--no-annotate --quiet
# pip checks hashes only of pinned lines, and a package that needs python-socketio[client] needs a line with this extra.
WITH_EXTRAS := $(COMPILE) --no-strip-extras
SHIPPED := $(COMPILE) --python-version 3.11 --constraint requirements/constraints.txt

# The library with its extras, and the additional requirements of this repository's own project.
SERVING := pyproject.toml requirements/project.in --extra lambda --extra server --extra s3 --extra redis --extra mysql
# Locust's extra has an environment of its own, an instrument. The lowest lock adds it, since only `make versions` tests
# its lower bounds: there Locust runs in processes of its own, and nothing else imports gevent.
DEVELOPMENT := pyproject.toml requirements/project.in --extra lambda --extra server --extra s3 --extra redis --extra mysql \
	--extra oracle --extra mssql --extra traces --extra compare --extra deploy --group dev

lock:            ## Compile the hashed lock files from pyproject.toml
	$(SHIPPED) $(SERVING) --output-file requirements/serving.txt
	$(SHIPPED) $(DEVELOPMENT) --output-file requirements/development.txt
	for driver in oracle mssql; do \
		$(SHIPPED) requirements/drivers/$$driver.in --output-file requirements/drivers/$$driver.txt || exit 1; \
	done
	$(SHIPPED) requirements/build.in --output-file requirements/build.txt
	$(SHIPPED) requirements/peers.in --output-file requirements/peers.txt
	$(SHIPPED) requirements/template-checks.in --output-file requirements/template-checks.txt
	$(SHIPPED) requirements/ministack.in --output-file requirements/ministack.txt
	for tool in $(INSTRUMENTS); do \
		$(WITH_EXTRAS) --python-version 3.11 requirements/instruments/$$tool.in -c requirements/development.txt \
			--output-file requirements/instruments/$$tool.txt || exit 1; \
	done
	for pool in geventpool connection-pool psycopg2; do \
		$(WITH_EXTRAS) --python-version 3.11 requirements/pools/$$pool.in --output-file requirements/pools/$$pool.txt \
			|| exit 1; \
	done
	$(COMPILE) --python-version 3.12 $(DEVELOPMENT) --constraint requirements/newest.in \
		--output-file requirements/newest.txt
	$(WITH_EXTRAS) --python-version 3.11 $(DEVELOPMENT) --extra locust --constraint requirements/constraints.txt \
		--resolution lowest-direct --output-file requirements/lowest.txt
