#!/usr/bin/env bash
# The demo's judge finds what it is there to find: entries lost, doubled, altered and invented.
set -euo pipefail
export LC_ALL=C.UTF-8
run_folder=$(mktemp -d)
readonly run_folder
trap 'rm -rf "$run_folder"' EXIT
source tools/demo.d/verdict.sh

recorded() {  # seq, text: a line of a tally
  printf 'd1.1.%d\thash\t{"visit_id":"V-1","nonce":"","note":{"text":"%s","language":""}}\n' "$1" "$2"
}
received() {  # seq, text, verdict: an entry as the server shows it
  printf '{"position":{"device":"d1","epoch":"1","seq":"%d"},"entry":{"time":{"wall_time_us":"%d"},"visit_id":"V-1",' "$1" "$1"
  printf '"nonce":"bm9uY2U=","note":{"text":"%s","language":""}},"judgement":{"verdict":"VERDICT_%s"}}\n' "$2" "$3"
}
judge() { jq -nc --rawfile tally "$run_folder/tally" --slurpfile journals "$run_folder/journals" "$counting"; }
expect() {  # name, figures
  local is
  is=$(judge)
  [ "$is" = "$2" ] || { printf '%s:\n  is      %s\n  must be %s\n' "$1" "$is" "$2"; exit 1; }
}
figures() {  # the figures in their order, then two lists
  printf '{"recorded":%d,"received":%d,"counted":%d,"attention":%d,"lost":%d,"doubled":%d,"quarantined":%d,"never_recorded":%s,"altered":%s}' "$@"
}

{ recorded 1 你好; recorded 2 b; recorded 3 b; } >"$run_folder/tally"
journals() { jq -s '{entries: .}' >"$run_folder/journals"; }

{ received 1 你好 COUNTED; received 2 b COUNTED; received 3 b COUNTED; } | journals
expect "all there, the same words twice" "$(figures 3 3 3 0 0 0 0 '[]' '[]')"

{ received 1 你好 COUNTED; received 3 b COUNTED; } | journals
expect "one lost" "$(figures 3 2 2 0 1 0 0 '[]' '[]')"

{ received 1 你好 COUNTED; received 2 b COUNTED; received 2 b COUNTED; received 3 b COUNTED; } | journals
expect "one position twice" "$(figures 3 3 3 0 0 1 0 '[]' '[]')"

{ received 1 你好 COUNTED; received 2 b COUNTED; received 3 b COUNTED; received 4 你好 COUNTED; } | journals
expect "one content under another position" "$(figures 3 3 3 0 0 1 0 '["d1.1.4"]' '[]')"

{ received 1 你好 COUNTED; received 2 c APPLIED_WITH_ATTENTION; received 3 b QUARANTINED; } | journals
expect "one altered, one quarantined" "$(figures 3 3 2 2 0 0 1 '[]' '["d1.1.2"]')"
