#!/usr/bin/env bash
# Install the program from the checkout of this script into a virtual environment of its own.
# Every downloaded file is checked against its hash in requirements/action.txt.
# Sets the output `reconciler`, the path of the command.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# A new folder: a prepared environment could run code of somebody else.
venv=${RECONCILER_VENV:-$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/reconciler-venv.XXXXXXXX")}

# -I: nothing is imported from the current folder, which may hold a pull request.
is_new_enough() {
  "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

python=
for name in ${RECONCILER_PYTHON:+"$RECONCILER_PYTHON"} python3 python3.13 python3.12 python3.11 python; do
  if is_new_enough "$name"; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  echo "::error title=reconciler::No Python of 3.11 or later was found. Put actions/setup-python before this step." >&2
  exit 1
fi

quiet=(--quiet --disable-pip-version-check --no-input)
"$python" -I -m venv --clear "$venv"
"$venv/bin/python" -I -m pip install "${quiet[@]}" --require-hashes --only-binary :all: \
  --requirement "$here/requirements/action.txt"
# The program comes from the checkout alone: hatchling is installed by now, and no package index is used.
"$venv/bin/python" -I -m pip install "${quiet[@]}" --no-index --no-deps --no-build-isolation "$here"
"$venv/bin/reconciler" --version

if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "reconciler=$venv/bin/reconciler" >>"$GITHUB_OUTPUT"
fi
