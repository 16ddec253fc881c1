# shellcheck shell=bash
# Defines `api METHOD PATH [curl arguments]`, which calls the GitHub API. Where GitHub refuses, an annotation says why, and
# what to do. `api_task` says what is done, `api_permission` what it needs. Source this file.
# shellcheck source=ci/http.sh
. "$(dirname "${BASH_SOURCE[0]}")/http.sh"

api() {
  request "$1" "${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/$2" \
    "Authorization: Bearer $INPUT_GITHUB_TOKEN" \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' "${@:3}"
}

refused() {
  local status=$1 words=$2 answer remedy
  answer="GitHub answered $status${words:+: $words}"
  case "$status $words" in
  *"rate limit"*) remedy="Run the job again later." ;;
  *"is locked"*) remedy="Unlock the conversation of the pull request, or let the job write no comment." ;;
  "401 "*) remedy="Check the input github-token: it is the token of another server, or no longer valid." ;;
  "403 "* | "404 "*)
    remedy="The job needs permissions: ${api_permission:?}. On the pull request of a fork its token can only read, \
whatever the workflow says: there a second workflow (on: workflow_run) writes the comment, as in \
examples/ci/github/meetings-comment.yml."
    ;;
  "0 "*)
    answer="there was no answer: $words"
    remedy="Run the job again. If it stays so, check GITHUB_API_URL and the proxy of the runner."
    ;;
  5*) remedy="Run the job again later; githubstatus.com tells what is broken." ;;
  *) remedy="Change what GitHub names, then run the job again." ;;
  esac
  complain "Could not ${api_task:?}: ${answer%.}. $remedy"
}

# complain TEXT: annotate the job with an error of one line
complain() {
  echo "::error title=reconciler::${1//'%'/%25}" >&2
}
