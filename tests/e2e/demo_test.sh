#!/usr/bin/env bash
# The demo's day, over the programs of this build: nothing lost, nothing doubled, and the history that was published.
set -euo pipefail
answer=$(mktemp)
readonly answer
trap 'rm -f "$answer"' EXIT
tools/demo --json >"$answer"
jq -e '.recorded >= 200 and .received == .recorded and .lost == 0 and .doubled == 0 and (.accounts | length) == 10
  and .history == {assets: 41, corrective_visits: 48, repeats_within_30_days: 5}
  and any(.accounts[]; .change < 0 and (.reasons | length) == 3)' "$answer" >/dev/null || { cat "$answer"; exit 1; }
