#!/usr/bin/env bash
# Put this commit on the named environment: a new release folder, then the switch in one step.
# The machine itself restarts the site when `current` points somewhere else.
set -euo pipefail
environment=${1:?usage: deploy.sh ENVIRONMENT}
: "${STAGING_ROOT:?the folder of the releases on the staging machine}"
: "${STAGING_URL:?where the staging site answers}"

release="$STAGING_ROOT/releases/$DISHWASHER_SHA"
echo "deploying ${DISHWASHER_SHA:0:12} to $environment"
mkdir -p "$release"
cp -R app "$release/"
printf '%s' "$DISHWASHER_SHA" > "$release/app/REVISION"
ln -sfn "$release" "$STAGING_ROOT/next"
mv -T "$STAGING_ROOT/next" "$STAGING_ROOT/current"

python scripts/wait_for_release.py "$STAGING_URL/revision" "$DISHWASHER_SHA"
