"""Careless variants of small parts of the flows; each takes one protection away."""
