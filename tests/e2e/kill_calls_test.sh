#!/usr/bin/env bash
# The real programs, ended at some of the system calls that write; `tools/crash --kill` takes every one of them.
set -euo pipefail
tools/crash --kill --preset "$(basename "$DOORSTEP_PROGRAMS")" --no-build --jobs 1 --every 43
