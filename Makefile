# Each target sets up .venv when it needs to. More words for a command: make test ARGS='-k house -x'

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help up test check bench pictures completions clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

$(READY): pyproject.toml tools/setup.sh
	@PYTHON='$(PYTHON)' sh tools/setup.sh $(VENV)
	@touch $@

up: $(READY) ## a working editor in the browser, without an account
	@$(BIN)/ameide-ws up --sandbox $(ARGS)

test: $(READY) ## the whole suite
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY) ## ruff, and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo 'try: $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/mypy --strict

bench: $(READY) ## how fast it is, beside a `coder` program where there is one
	@$(BIN)/python -m bench $(ARGS)

pictures: $(READY) ## docs/up.svg, drawn from a real run
	@$(BIN)/python -m tools.pictures $(ARGS)

completions: $(READY) ## the shells' completion scripts
	@mkdir -p completions
	@$(BIN)/python -m ameide_ws completion bash > completions/ameide-ws.bash
	@$(BIN)/python -m ameide_ws completion zsh > completions/_ameide-ws
	@$(BIN)/python -m ameide_ws completion fish > completions/ameide-ws.fish
	@$(BIN)/python -m ameide_ws completion powershell > completions/ameide-ws.ps1

clean: ## remove what was made here
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find ameide_ws tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +
