#!/usr/bin/env bash
# Find the pull request that this run is about: by the event alone, which GitHub writes, and by what GitHub
# answers; never by a file that the pull request could have made.
# With INPUT_SPECS_FROM=pull-request its YAML files are put into the working folder, as data: no code of it
# runs here, and its other files are left where they are.
# Gives: the output `number`; empty where there is no pull request, or it has moved on meanwhile.
set -euo pipefail
# shellcheck source=ci/api.sh
. "$(dirname "${BASH_SOURCE[0]}")/api.sh"

event() {
  jq --raw-output "$1 // empty" "$GITHUB_EVENT_PATH"
}

number=$(event .pull_request.number)
sha=$(event .pull_request.head.sha)
if [ -z "$number" ] && [ -n "$(event .workflow_run.head_sha)" ]; then
  # For a fork the event of the second workflow names no pull request, only where its commit lies.
  sha=$(event .workflow_run.head_sha)
  head=$(event '.workflow_run | .head_repository.owner.login + ":" + .head_branch')
  number=$(api GET pulls --get --data state=open --data per_page=100 --data-urlencode "head=$head" |
    jq --raw-output --arg sha "$sha" '[.[] | select(.head.sha == $sha) | .number] | first // empty')
fi
if [ -z "$number" ]; then
  echo "No open pull request has this commit as its newest."
fi
echo "number=$number" >>"$GITHUB_OUTPUT"

if [ "${INPUT_SPECS_FROM:-}" != pull-request ]; then exit 0; fi
if [ -z "$number" ]; then
  echo "::error title=reconciler::There is no open pull request whose specs could be read" >&2
  exit 1
fi
if [ -n "$(ls -A)" ]; then
  echo "::error title=reconciler::The working folder is not empty: what the pull request deleted would still count" >&2
  exit 1
fi
objects=$RUNNER_TEMP/reconciler-pull-request.git
rm -rf "$objects"
git init --quiet --bare "$objects"
GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader \
  GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$INPUT_GITHUB_TOKEN" | base64 | tr -d '\n')" \
  git -C "$objects" fetch --quiet --depth 1 "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "refs/pull/$number/head"
if [ "$(git -C "$objects" rev-parse FETCH_HEAD)" != "$sha" ]; then
  echo "::error title=reconciler::The pull request has moved on; the run of its newest commit plans it" >&2
  exit 1
fi

# Plain files alone: what a link would lead to is not the pull request's.
git -C "$objects" read-tree "$sha"
git -C "$objects" ls-tree -r -z "$sha" | while IFS= read -r -d '' entry; do
  path=${entry#*$'\t'}
  case "${entry%% *} $path" in
  100644\ *.yaml | 100644\ *.yml) printf '%s\0' "$path" ;;
  esac
done >"$RUNNER_TEMP/reconciler-paths"
git --git-dir "$objects" --work-tree . checkout-index -z --stdin <"$RUNNER_TEMP/reconciler-paths"
