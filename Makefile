# belld: `make run` shows it, `make test` checks it, `make build` leaves the programs in .build/release.
SHELL := /bin/bash
# One set of flags for build, test and run, so that nothing is compiled twice.
FLAGS := -c release -Xswiftc -enable-testing -Xswiftc -warnings-as-errors --explicit-target-dependency-import-check error
BIN := .build/release

.PHONY: help setup build run test lint layers unit usb drivers end-to-end bench test-bring-up test-night test-soundness test-usb-kernel test-qick clean

help: ## Shows this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## Installs what is missing from Debian, and says what and why.
	@.ci/setup

build: setup ## Builds belld, bellcert, bellbeacon, bellctl and mocklab into .build/release.
	swift build $(FLAGS)

run: build ## Runs a whole simulated Bell campaign and verifies its certificate.
	@.ci/campaign $(BIN)

test: setup lint ## Runs every check.
	swift build --build-tests $(FLAGS)
	@$(MAKE) --no-print-directory layers unit usb drivers end-to-end

lint: ## Checks the format of the Swift sources.
	swift format lint --strict --recursive Sources Drivers Tests Benchmarks Package.swift

layers: ## Compares every import with the table in docs/architecture.md.
	@/usr/bin/python3 .ci/layers --self-test
	@/usr/bin/python3 .ci/layers

# These tests run real daemons and boards against the wall clock; beside hundreds of others on the few threads that Swift
# shares among tasks they would measure the machine. They get a process of their own, one test at a time.
REAL_TIME := ^(Bell(Campaign|Daemon|Certifier|Control|ControlTool)|Board|DriverConformance|ExternalDriver|MockLab|Recording|SCPIInstrument|RFSwitch)Tests

# The real libusb meets simulated devices; the test program itself is started, because the shim must be in no other one.
USB := ^(USBTransport|USBStack|VirtualUSB)Tests

unit:
	swift test --skip-build $(FLAGS) --skip '$(REAL_TIME)' --skip '$(USB)'
	swift test --skip-build $(FLAGS) --no-parallel --filter '$(REAL_TIME)'

usb: ## Runs the USB tests through libusb, against simulated devices (docs/virtual-usb.md).
	Tests/USB/run $(BIN)/belldPackageTests.xctest --testing-library swift-testing --no-parallel --filter '$(USB)'

drivers: ## Runs the drivers in Python: an example board in whole campaigns, an example instrument, the QICK bridge.
	@/usr/bin/python3 Tests/python/external_instrument.py
	@/usr/bin/python3 Tests/python/external_board.py $(BIN)
	@/usr/bin/python3 Tests/python/external_qick.py

test-qick: ## Tests the QICK bridge against the qick package; needs PyPI, makes a venv in .build.
	@test -x .build/qick/bin/python || { python3 -m venv .build/qick && .build/qick/bin/pip install -q qick pyzmq 'numpy<2'; }
	@.build/qick/bin/python Tests/python/external_qick.py

test-usb-kernel: setup ## Runs the USB tests in a virtual machine, on the kernel's own USB stack; slow (docs/virtual-usb.md).
	swift build --build-tests $(FLAGS)
	@Tests/USB/kernel/run

test-bring-up: setup ## Brings ten cold virtual laboratories up, and compares what each found with its truth.
	swift build --build-tests $(FLAGS)
	BELL_BRING_UP_SEEDS=10 swift test --skip-build $(FLAGS) --no-parallel --filter '^BellDaemonTests.BringUpTests'

end-to-end: ## Runs separate processes, kills them, and counts the trials.
	@/usr/bin/python3 Tests/EndToEnd/run.py $(BIN)

test-night: build ## Runs ten hours of a drifting laboratory, with and without a policy; a minute or two.
	@/usr/bin/python3 Tests/EndToEnd/night.py $(BIN)
	@/usr/bin/python3 Tests/EndToEnd/gates.py $(BIN)

test-soundness: setup ## Plays thousands of cheating campaigns and counts the certificates; about seven minutes (docs/soundness.md).
	swift build --build-tests $(FLAGS)
	BELL_SOUNDNESS=1000 swift test --skip-build $(FLAGS) --no-parallel --filter '^SoundnessTests'

bench: build ## Measures against peers and limits in one run; see Benchmarks/README.md.
	@Benchmarks/run $(BIN)

clean: ## Removes what was built.
	swift package clean
