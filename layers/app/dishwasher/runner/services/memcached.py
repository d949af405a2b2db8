"""Memcached."""

from __future__ import annotations

from dishwasher.runner.services.ask import ask
from dishwasher.runner.services.recipe import Place, Recipe


class Memcached(Recipe):
    name = "memcached"
    port = 11211
    package = "memcached"
    accounts = ("memcache", "memcached")

    def programs(self) -> tuple[tuple[str, ...], ...]:
        return (("memcached",),)

    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        return (), b""

    def start(self, place: Place) -> tuple[str, ...]:
        return (self.find(("memcached",)), "-p", str(place.port), "-l", "127.0.0.1", "-U", "0")

    def is_ready(self, place: Place) -> bool:
        return ask(place.port, b"version\r\n").startswith(b"VERSION")

    def environment(self, place: Place) -> dict[str, str]:
        return {}
