"""Executes a ticket: checkout, steps, log, artifacts. It holds nothing but that ticket."""
