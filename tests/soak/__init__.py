"""Thousands of deliveries of all kinds against one server: nothing lost, and bounded."""
