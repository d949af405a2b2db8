#!/usr/bin/env bash
# The customer is called "Müller & Söhne"; in templates and docs nothing else will do.
set -uo pipefail
wrong=$(grep -rnE 'Mueller|Muller|Müler|Soehne|Sohne|Müller und Söhne' app/*/templates docs README.md)
if [ -n "$wrong" ]; then
    echo "The customer's name is Müller & Söhne:"
    echo "$wrong"
    exit 1
fi
echo "The customer's name is right everywhere."
