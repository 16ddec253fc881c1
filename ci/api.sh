# shellcheck shell=bash
# Defines `api METHOD PATH [curl arguments]`, which calls the GitHub API. The token stays out of the list of
# processes. Source this file.

api() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --fail-with-body --max-time 30 --request "$method" \
    --header @<(printf 'Authorization: Bearer %s\n' "$INPUT_GITHUB_TOKEN") \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
    "$@" "${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/$path"
}
