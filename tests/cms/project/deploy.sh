#!/usr/bin/env bash
# A release is a folder; the site runs what `current` points to.
set -euo pipefail
command -v ansible || echo "no ansible here"
mkdir -p "$STAGING_ROOT"
printf '%s on %s\n' "$1" "$(git rev-parse HEAD)" >> "$STAGING_ROOT/deployed"
