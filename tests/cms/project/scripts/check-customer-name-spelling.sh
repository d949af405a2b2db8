#!/usr/bin/env bash
# The customer is called "Ponies & Co".
if grep -rnE 'Ponys|Ponies and Co|Ponies & co\b' app docs; then
    echo "The customer's name is Ponies & Co." >&2
    exit 1
fi
