#!/usr/bin/env bash
# Find the pull request of this run, from the event, which GitHub writes, and from answers of GitHub;
# never from a file that the pull request could have written.
# With INPUT_SPECS_FROM=pull-request, copy the YAML files of its merge to the working folder, as data:
# no code of the pull request runs here, and its other files are not copied.
# Sets the outputs `commit`, and `number`, which is empty if there is no pull request or it has a newer commit.
set -euo pipefail
# shellcheck source=ci/api.sh
. "$(dirname "${BASH_SOURCE[0]}")/api.sh"
# shellcheck disable=SC2034 # api.sh reads both
api_task="find the pull request" api_permission="pull-requests: read"

event() {
  jq --raw-output "$1 // empty" "$GITHUB_EVENT_PATH"
}

number=$(event .pull_request.number)
sha=$(event .pull_request.head.sha)
if [ -z "$number" ] && [ -n "$(event .workflow_run.head_sha)" ]; then
  # For a fork, the event of the second workflow names no pull request, only its commit and branch.
  sha=$(event .workflow_run.head_sha)
  head=$(event '.workflow_run | .head_repository.owner.login + ":" + .head_branch')
  pulls=$(api GET pulls --get --data state=open --data per_page=100 --data-urlencode "head=$head")
  number=$(jq --raw-output --arg sha "$sha" '[.[] | select(.head.sha == $sha) | .number] | first // empty' <<<"$pulls")
fi
if [ -z "$number" ]; then
  echo "No open pull request has this commit as its newest."
fi
{
  echo "number=$number"
  echo "commit=$sha"
} >>"$GITHUB_OUTPUT"

if [ "${INPUT_SPECS_FROM:-}" != pull-request ]; then exit 0; fi
if [ -z "$number" ]; then
  echo "::error title=reconciler::There is no open pull request whose specs could be read" >&2
  exit 1
fi
if [ -z "${INPUT_STATE:-}${RECONCILER_STATE:-}" ]; then
  echo "::error title=reconciler::Name the state: the pull request's own reconciler.yaml is not to say what exists" >&2
  exit 1
fi
if [ -n "$(ls -A)" ]; then
  echo "::error title=reconciler::The working folder is not empty: what the pull request deleted would still count" >&2
  exit 1
fi
objects=$RUNNER_TEMP/reconciler-pull-request.git
rm -rf "$objects"
git init --quiet --bare "$objects"
if ! problem=$(GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader \
  GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$INPUT_GITHUB_TOKEN" | base64 | tr -d '\n')" \
  git -C "$objects" fetch --quiet --depth 2 "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" "refs/pull/$number/merge" 2>&1); then
  complain "Could not read the merge of the pull request: $(tail -1 <<<"$problem" | one_line)The job needs permissions: \
contents: read. A pull request with conflicts has no merge: resolve them first."
  exit 1
fi
# The merge, since with the files of the pull request alone, what others have merged since would seem removed.
if [ "$(git -C "$objects" rev-parse --verify --quiet FETCH_HEAD^2)" != "$sha" ]; then
  echo "::error title=reconciler::The pull request has moved on or has conflicts; the run of its newest commit plans it" >&2
  exit 1
fi

# Plain files only. The target of a link is not part of the pull request, but apply would follow the link: it is
# replaced by an invalid spec, so that the plan fails and shows it. No filter of attributes, such as LFS, runs.
links=$RUNNER_TEMP/reconciler-links
submodules=$RUNNER_TEMP/reconciler-submodules
: >"$links"
: >"$submodules"
echo '* -filter' >>"$objects/info/attributes"
git -C "$objects" read-tree FETCH_HEAD
git -C "$objects" ls-tree -r -z FETCH_HEAD | while IFS= read -r -d '' entry; do
  path=${entry#*$'\t'}
  case "${entry%% *} $path" in
  100*\ *.yaml | 100*\ *.yml) printf '%s\0' "$path" ;;
  120000\ *.yaml | 120000\ *.yml | 120000\ meetings) printf '%s\0' "$path" >>"$links" ;;
  160000\ *) printf '%s\0' "$path" >>"$submodules" ;;
  esac
done >"$RUNNER_TEMP/reconciler-paths"
git --git-dir "$objects" --work-tree . checkout-index -z --stdin <"$RUNNER_TEMP/reconciler-paths"
while IFS= read -r -d '' path; do
  mkdir -p "$(dirname "./$path")"
  echo 'This is a link in the pull request, and no link is followed here. Put the file itself in its place.' >"./$path"
done <"$links"
# A submodule's files are not part of the pull request, and apply would read them: among the specs it is an error.
while IFS= read -r -d '' path; do
  mkdir -p "./$path"
  echo 'This is a submodule in the pull request. Put the files themselves in its place.' >"./$path/submodule.yaml"
done <"$submodules"
