#!/usr/bin/env bash
# Plan in a merge request's pipeline: write the plan to the log, to the file $1 and, if RECONCILER_NOTE_TOKEN is
# set, into one note on the merge request, which later pipelines update.
set -euo pipefail

report=$1
mark='<!-- reconciler:plan -->'
status=0
errors=$(mktemp)
reconciler plan --format markdown >"$report" 2>"$errors" || status=$?
cat "$report"
cat "$errors" >&2
if [ "$status" -ne 0 ] && [ ! -s "$report" ]; then # it was killed, or failed before it could plan
  # Indented by four spaces, the error is a code block, whatever it contains.
  { printf '%s\n\n### Plan failed\n\n' "$mark"; sed 's/^/    /' "$errors"; } >"$report"
fi

if [ -z "${RECONCILER_NOTE_TOKEN:-}" ]; then exit "$status"; fi

# shellcheck source=ci/http.sh
. "$(dirname "${BASH_SOURCE[0]}")/http.sh"

# api METHOD URL [curl arguments]
api() {
  request "$1" "$CI_API_V4_URL/$2" "PRIVATE-TOKEN: $RECONCILER_NOTE_TOKEN" "${@:3}"
}

refused() {
  local status=$1 words=$2 answer remedy
  answer="GitLab answered $status${words:+: $words}"
  case $status in
  401) remedy="RECONCILER_NOTE_TOKEN is no longer valid: create a project access token again." ;;
  403 | 404) remedy="RECONCILER_NOTE_TOKEN needs the scope api and the role Reporter in this project." ;;
  0)
    answer="there was no answer: $words"
    remedy="Run the job again. If it stays so, check the proxy of the runner."
    ;;
  *) remedy="Run the job again later." ;;
  esac
  echo "error: could not write the note: ${answer%.}. The plan is in the log and in the artifact. $remedy" >&2
}

# json PROGRAM [ARGUMENTS]: run a line of Python on the JSON of stdin, which is `it`
json() {
  local program=$1
  shift
  python3 -I -c "import json, sys; it = json.load(sys.stdin); $program" "$@"
}

notes=projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
user=$(api GET user)
me=$(json 'print(it["id"])' <<<"$user")
id=
for page in {1..30}; do
  rows=$(api GET "$notes" --get --data per_page=100 --data "page=$page" --data sort=asc)
  id=$(json 'print(*[n["id"] for n in it if str(n["author"]["id"]) == sys.argv[1] and n["body"].startswith(sys.argv[2])][:1])' \
    "$me" "$mark" <<<"$rows")
  if [ -n "$id" ] || [ "$(json 'print(len(it))' <<<"$rows")" -lt 100 ]; then break; fi
done

if [ -n "$id" ]; then
  api PUT "$notes/$id" --data-urlencode "body@$report" >/dev/null
else
  api POST "$notes" --data-urlencode "body@$report" >/dev/null
fi
exit "$status"
