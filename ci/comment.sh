#!/usr/bin/env bash
# Write the report into one comment on the pull request: created the first time, updated from then on.
# The comment is found by its author and the mark that it begins with: anybody can copy the mark alone.
set -euo pipefail
# shellcheck source=ci/api.sh
. "$(dirname "${BASH_SOURCE[0]}")/api.sh"
# shellcheck disable=SC2034 # api.sh reads both
api_task="write the comment" api_permission="pull-requests: write"

LENGTH_MAX=65536

if [ -z "${PULL_REQUEST:-}" ]; then
  echo "No comment: this run is about no open pull request."
  exit 0
fi
if ! [[ ${INPUT_COMMENT_ID:-} =~ ^[A-Za-z0-9._-]*$ ]]; then
  echo "::error title=reconciler::comment-id has other characters than letters, digits, dots, - and _" >&2
  exit 1
fi

mark="<!-- reconciler:$INPUT_COMMAND${INPUT_COMMENT_ID:+ $INPUT_COMMENT_ID} -->"
body=$RUNNER_TEMP/reconciler-comment.json
jq --raw-input --slurp --arg mark "$mark" --argjson max "$LENGTH_MAX" '
  (if startswith($mark) then . else $mark + "\n\n" + . end)
  | if length <= $max then . else $mark + "\n\nThe report is too long for a comment; the page of the run shows it." end
  | {body: .}' "$REPORT" >"$body"

# found: print the id of the comment, from the first page that has it
found() {
  local page rows
  for page in {1..30}; do
    rows=$(api GET "issues/$PULL_REQUEST/comments" --get --data per_page=100 --data "page=$page") || return 1
    jq --raw-output --arg mark "$mark" --arg author "$INPUT_COMMENT_AUTHOR" \
      '[.[] | select(.user.login == $author and (.body | startswith($mark))) | .id] | first // empty' <<<"$rows"
    if [ "$(jq length <<<"$rows")" -lt 100 ]; then return; fi
  done
}

id=$(found)
id=${id%%$'\n'*}
if [ -n "$id" ]; then
  api PATCH "issues/comments/$id" --data @"$body" >/dev/null
  echo "Changed the comment $id."
else
  api POST "issues/$PULL_REQUEST/comments" --data @"$body" >/dev/null
  echo "Made a comment."
fi
