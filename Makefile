# Every target is one call; without make, call it yourself.
ARGS ?=
PYTHON ?= python3

.PHONY: run test test-services lint lock bench drill

run test test-services lint lock bench drill:
	@$(PYTHON) scripts/setup.py $@ $(ARGS)
