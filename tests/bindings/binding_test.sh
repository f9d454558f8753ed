#!/usr/bin/env bash
# What the Java binding promises beyond the core, against the real server. DOORSTEP_BINDING_TEST starts it.
set -euo pipefail
source "$(dirname "$0")/../e2e/one_visit.sh"

serve
plan_one_visit
mkdir "$folder/app"
$DOORSTEP_BINDING_TEST "$folder/app" "$address" "$code"

check 'the keys that the phone has told' \
  "$("$office" device list --json | jq -r '[.devices[].signing_keys[].key.algorithm] | join(" ")')" \
  'KEY_ALGORITHM_ED25519 KEY_ALGORITHM_P256'
