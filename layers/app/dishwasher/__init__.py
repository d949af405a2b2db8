"""Dishwasher: a GitHub App that builds, checks and deploys."""

__version__ = "0.1.0"
