#!/usr/bin/env bash
# Put this commit on the named environment: pack it, send it, and wait until the site runs it.
set -euo pipefail
environment=${1:?usage: deploy.sh ENVIRONMENT}
: "${DEPLOY_URL:?where releases are taken}" "${DEPLOY_TOKEN:?the secret that opens it}"
site="${environment^^}_URL"

echo "deploying ${DISHWASHER_SHA:0:12} to $environment"
printf '%s' "$DISHWASHER_SHA" > app/REVISION
tar -czf release.tar.gz app
python scripts/send_release.py release.tar.gz "$DEPLOY_URL/$environment/$DISHWASHER_SHA"
python scripts/wait_for_release.py "${!site}/revision" "$DISHWASHER_SHA"
