#!/usr/bin/env bash
# Build the sdist, and the wheel from it, into dist/; check both; then use the wheel as a stranger would:
# the commands of README.md's block for an empty folder, with a Python that has nothing else. What that
# installed is listed in build/sbom.cdx.json (CycloneDX).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/.venv/bin tools=$root/.venv/package/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Print the commands of the first fenced block after the marker "bare" of README.md.
promised() {
  awk '/^<!-- bare:/ {marked = 1; next} marked && /^```/ {if (inside) exit; inside = 1; next} inside' "$root/README.md"
}

build() {
  rm -rf "$root/dist"
  (cd "$root" && "$bin/python" -m hatchling build --target sdist --directory "$root/dist")
  tar -xzf "$root"/dist/*.tar.gz -C "$work"
  (cd "$work"/meetings_reconciler-* && "$bin/python" -m hatchling build --target wheel --directory "$root/dist")
}

check() {
  "$tools/twine" check --strict "$root"/dist/*
  "$tools/check-wheel-contents" "$root"/dist/*.whl
}

# The name of the project stands for the wheel that was built. PYTHON… of this shell would add other modules.
try() {
  local wheel commands
  wheel=$(echo "$root"/dist/*.whl)
  commands=$(promised | sed "s|\"meetings-reconciler\[|\"${wheel}[|")
  [[ $commands == *"$wheel"* ]] || { echo "README.md: no line that installs, in a block after <!-- bare: …" >&2; exit 1; }
  "$bin/python" -m venv "$work/bare"
  mkdir "$work/empty"
  (
    cd "$work/empty"
    unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
    export PATH="$work/bare/bin:$PATH" PIP_QUIET=1 PIP_NO_COMPILE=1
    bash -euxo pipefail -c "$commands" </dev/null
  )
}

# What `py.typed` promises: a program that uses the package passes mypy in strict mode, with the wheel alone.
type_check() {
  cp "$root/tests/project/typed_consumer.py" "$work/empty"
  (cd "$work/empty" && "$bin/mypy" --strict --python-executable "$work/bare/bin/python" --cache-dir "$work/mypy" typed_consumer.py)
  "$work/bare/bin/python" "$work/empty/typed_consumer.py"
}

# List what the wheel needs, from where it was installed alone.
bill() {
  mkdir -p "$root/build"
  "$tools/cyclonedx-py" environment --output-reproducible --pyproject "$root/pyproject.toml" --mc-type application \
    --output-file "$root/build/sbom.cdx.json" "$work/bare/bin/python"
}

build
check
try
bill &
type_check
wait $!
test -s "$work/bare/share/man/man1/reconciler.1"
