"""Sphinx."""

project = "Ponies & Co"
