"""Servers of the job's own: one module each, and how they are started, waited for and ended."""
