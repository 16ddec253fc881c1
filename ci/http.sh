# shellcheck shell=bash
# Defines `request METHOD URL HEADER [curl arguments]`, which prints the answer of a server. HEADER, which holds the token,
# stays out of the list of processes. Where there is no answer or the server refuses, it calls `refused STATUS WORDS`,
# which the script defines, with 0 for no answer and with what the server or curl said, on one line; it returns 1.
# Source this file.

request() {
  local method=$1 url=$2 header=$3 answer status
  shift 3
  answer=$(mktemp)
  if status=$(curl --silent --show-error --max-time 30 --request "$method" --header @<(printf '%s\n' "$header") \
    --output "$answer" --write-out '%{http_code}' "$@" "$url" 2>"$answer.problem"); then
    if [[ $status == 2?? ]]; then
      cat "$answer"
      rm -f "$answer" "$answer.problem"
      return 0
    fi
    refused "$status" "$(said "$answer")"
  else
    refused 0 "$(sed 's/^curl: ([0-9]*) //' "$answer.problem" | one_line)"
  fi
  rm -f "$answer" "$answer.problem"
  return 1
}

# said FILE: the message of a JSON answer, the title of a web page, else the beginning of the text
said() {
  local text
  text=$(one_line <"$1")
  if [[ $text =~ \"(message|error_description|error)\":\ *\"(([^\"\\]|\\.)*)\" ]]; then
    printf '%s' "${BASH_REMATCH[2]}"
  elif [[ $text =~ \<[Tt][Ii][Tt][Ll][Ee][^\>]*\>([^\<]*) ]]; then
    printf 'a web page, "%s"' "${BASH_REMATCH[1]}"
  else
    printf '%s' "${text:0:200}"
  fi
}

# one_line: the text of stdin without control characters, its beginning only
one_line() {
  head -c 20000 | LC_ALL=C tr '\000-\037\177' ' '
}
