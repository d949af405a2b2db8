"""Who we are by our signature, at GitHub's time: a machine whose clock is wrong learns of it."""

from __future__ import annotations

from dishwasher.errors import InfraError
from dishwasher.github.answer import Unauthorized
from dishwasher.github.auth import Key
from dishwasher.ports import Clock

SKEW = 30.0
"""Seconds by which our clock may differ from GitHub's without a word."""


class Identity:
    """The App's key and the time by which GitHub says what is too early and what too late.

    A JWT that is dated in GitHub's future, or past its end there, is refused:
    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
    """

    def __init__(self, key: Key, clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._skew = 0.0

    def now(self) -> float:
        """Seconds since the epoch by GitHub's clock, as far as it was told."""
        return self._clock.now() + self._skew

    def jwt(self) -> str:
        return self._key.jwt(self.now())

    def heed(self, refused: Unauthorized) -> bool:
        """Whether GitHub's clock is another than we thought; from now on it counts."""
        if refused.at is None or abs(refused.at - self.now()) < SKEW:
            return False
        self._skew = refused.at - self._clock.now()
        return True


def not_us(error: Unauthorized) -> InfraError:
    return InfraError(
        f"GitHub does not accept us as the App: {error}. Do DISHWASHER_GITHUB_APP_ID and "
        "DISHWASHER_GITHUB_PRIVATE_KEY belong together, and is this machine's clock right?"
    )
