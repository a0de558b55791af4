#!/bin/sh
# Makes .venv, with the project, its sandbox, the tools for developing, and bytecode for all of it. `make` calls it.
set -eu
venv=${1:-.venv}

say() { printf '%s\n' "$*" >&2; }
# What a person's environment says about other Pythons does not hold in here.
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PIP_NO_COMPILE PIP_TARGET PIP_PREFIX VIRTUAL_ENV
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

python=
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    say "error: ameide-ws needs Python 3.11 or newer, and there is none on the PATH"
    say "  try: apt install python3 python3-venv   # or name one: make PYTHON=/path/to/python3"
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    case $python in
        *python3.*) package="${python##*/}-venv" ;;
        *) package=python3-venv ;;
    esac
    say "error: $python comes without the venv module"
    say "  try: apt install $package   # then run make again"
    exit 1
fi

say "setting up $venv: a minute or two, once"
"$python" -m venv "$venv"
pip="$venv/bin/python -m pip --quiet"
# The pip that comes with an older Python knows no dependency groups, and writes slower console scripts.
$pip install --upgrade pip
$pip install --editable '.[sandbox]' --group dev
# An older Python's venv comes with setuptools, which looks in at every start.
$pip uninstall --yes setuptools >/dev/null 2>&1
# A start without bytecode takes six times as long. A package's odd file for another Python may not compile: no matter.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 || true
"$venv/bin/python" -m compileall -q ameide_ws
