#!/usr/bin/env bash
# Run one command as a step of a workflow. Inputs are passed in INPUT_… variables, never in this text.
# Sets the outputs of the program, `status` (its exit status), and `report` (a Markdown file).
set -euo pipefail

case $INPUT_COMMAND in
plan | apply | drift | validate | calendar) ;;
*)
  echo "::error title=reconciler::command is plan, apply, drift, validate or calendar" >&2
  exit 1
  ;;
esac

arguments=("$INPUT_COMMAND")

# with FLAG VALUE: add the flag if the value is not empty
with() {
  if [ -n "$2" ]; then arguments+=("$1" "$2"); fi
}

# wanted FLAG INPUT: add the flag if the input is true
wanted() {
  if [ "$2" = true ]; then arguments+=("$1"); fi
}

# lines TEXT: print each line of TEXT that is not empty
lines() {
  while IFS= read -r line; do
    if [ -n "$line" ]; then printf '%s\n' "$line"; fi
  done <<<"$1"
}

if [ "$INPUT_COMMAND" = validate ]; then
  wanted --strict "${INPUT_STRICT:-}"
else
  with --state "${INPUT_STATE:-}"
fi
case $INPUT_COMMAND in
plan)
  with --out "${INPUT_PLAN_FILE:-}"
  with --json-into "${INPUT_JSON_FILE:-}"
  ;;
apply)
  with --plan "${INPUT_PLAN_FILE:-}"
  wanted --auto-approve "${INPUT_AUTO_APPROVE:-}"
  with --lock-timeout "${INPUT_LOCK_TIMEOUT:-}"
  ;;
esac
case $INPUT_COMMAND in
apply | drift) with --notify "${INPUT_NOTIFY:-}" ;;
esac
case $INPUT_COMMAND in
plan | apply)
  wanted --refresh "${INPUT_REFRESH:-}"
  while IFS= read -r glob; do with --target "$glob"; done < <(lines "${INPUT_TARGETS:-}")
  ;;
esac
arguments+=(--)
while IFS= read -r path; do arguments+=("$path"); done < <(lines "${INPUT_PATHS:-}")

# Mask in the log secrets that did not come from the repository's secrets. A secret of two characters would
# mask half of the log.
mask() {
  local value=$1
  if [ "${#value}" -lt 3 ]; then return; fi
  value=${value//'%'/%25}
  value=${value//$'\r'/%0D}
  echo "::add-mask::${value//$'\n'/%0A}"
}
while IFS= read -r name; do
  case $name in
  RECONCILER_NOTIFY) while IFS= read -r address; do mask "$address"; done < <(tr '[:blank:]' '\n' <<<"${!name}") ;;
  RECONCILER_STATE) if [[ ${!name} =~ ^postgres(ql)?://[^/@]*:([^/@]*)@ ]]; then mask "${BASH_REMATCH[2]}"; fi ;;
  ZOOM_CLIENT_SECRET | ZOOM_ACCESS_TOKEN | *PASSCODE* | *_HTTP_PASSWORD | PGPASSWORD) mask "${!name}" ;;
  esac
done < <(compgen -e)

# A topic could look like a workflow command in the log. Between these two lines the runner obeys only
# commands of the program, which knows the token.
stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
report=$RUNNER_TEMP/reconciler-$INPUT_COMMAND.md
: >"$report"
status=0

# run ARGUMENT…: run the program; the status of a run that fails is that of the step
run() {
  GITHUB_SHA=${COMMIT:-${HEAD_COMMIT:-${GITHUB_SHA:-}}} GITHUB_STEP_SUMMARY=$report RECONCILER_STOP_TOKEN=$stop \
    "$RECONCILER" "$@" 2>&1 </dev/null || status=$?
}

# publish: write the calendar as a page and as feeds, both or, after an error, none that anybody uploads
publish() {
  local folder=${INPUT_FOLDER:-calendar}
  mkdir -p -- "$folder"
  run calendar --format html --out "$folder/index.html" "${arguments[@]:1}"
  if [ "$status" = 0 ]; then run calendar --format ics --out "$folder/feeds/" "${arguments[@]:1}"; fi
  if [ "$status" = 0 ]; then
    printf '### Calendar\n\nA page, and %s feeds.\n' "$(find "$folder/feeds" -name '*.ics' | wc -l)" >"$report"
  fi
}

echo "::group::reconciler $INPUT_COMMAND"
echo "::stop-commands::$stop"
if [ "$INPUT_COMMAND" = calendar ]; then publish; else run "${arguments[@]}"; fi
echo "::$stop::"
echo "::endgroup::"

if [ ! -s "$report" ]; then # it was killed, or failed: the comment must not keep the report of an earlier commit
  printf '### ❌ %s wrote no report, and ended with status %s\n\nThe log of the run says more.\n' \
    "$INPUT_COMMAND" "$status" >"$report"
fi
cat "$report" >>"$GITHUB_STEP_SUMMARY"
{
  echo "report=$report"
  echo "status=$status"
} >>"$GITHUB_OUTPUT"
exit "$status"
