"""The runner against real servers, real repositories and real processes."""
