#!/usr/bin/env bash
# What the manual shows can be compiled. $1 and $2: javac and its class path; $3: node.
set -euo pipefail
manual=$(dirname "$0")/../../client_core/README.md
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

snippet() { awk -v begin="\`\`\`$1" '$0 == begin {on = 1; next} /^```$/ {on = 0} on' "$manual"; }
{
  echo 'import com.doorstep.client.*; import com.doorstep.client.grpc.*; import com.doorstep.v1.*;'
  echo 'class Manual { static void run(java.io.File folder, io.grpc.Channel channel, String code) {'
  snippet java
  echo '} }'
} >"$folder/Manual.java"
{
  echo "const { DoorstepCore } = require('doorstep-client');"
  echo 'async function run(library, protos, directory, transport, code) {'
  snippet js
  echo '}'
} >"$folder/manual.js"
grep -q append "$folder/Manual.java" && grep -q append "$folder/manual.js" || { echo "the manual shows nothing"; exit 1; }
"$1" -cp "$2" -d "$folder" "$folder/Manual.java"
"$3" --check "$folder/manual.js"
