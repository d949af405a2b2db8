"""GitHub: the App's credentials, limits, and the ports Source, Checks and Deliveries."""

from __future__ import annotations

from dishwasher.github.app import GithubApp
from dishwasher.github.checks import GithubChecks
from dishwasher.github.comments import GithubComments
from dishwasher.github.deliveries import GithubDeliveries
from dishwasher.github.deployments import GithubDeployments
from dishwasher.github.limiter import Limiter
from dishwasher.github.source import GithubSource

__all__ = [
    "GithubApp",
    "GithubChecks",
    "GithubComments",
    "GithubDeliveries",
    "GithubDeployments",
    "GithubSource",
    "Limiter",
]
