"""The embedded mode: HTTP server, worker loops and scheduler in one process."""
