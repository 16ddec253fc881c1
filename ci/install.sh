#!/usr/bin/env bash
# Install the program from the checkout that this script stands in, into a virtual environment of its own.
# Every file that comes from outside is held against its hash in requirements/action.txt.
# Gives: the output `reconciler`, the path of the command.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# A folder that nobody has prepared: what lies in an environment is run.
venv=${RECONCILER_VENV:-$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/reconciler-venv.XXXXXXXX")}

# -I: whatever lies in the folder that we were started in, such as a pull request, is not imported.
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
# The rest comes from the checkout alone: hatchling is installed by now, and no index is asked.
"$venv/bin/python" -I -m pip install "${quiet[@]}" --no-index --no-deps --no-build-isolation "$here"
"$venv/bin/reconciler" --version

if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "reconciler=$venv/bin/reconciler" >>"$GITHUB_OUTPUT"
fi
