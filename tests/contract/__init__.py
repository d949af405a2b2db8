"""One suite for each port, run against every adapter of it."""
