"""Tests mirror the package; contract/, sim/ and e2e/ cut across it."""
