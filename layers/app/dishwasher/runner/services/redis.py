"""Redis, or Valkey, which speaks the same."""

from __future__ import annotations

from dishwasher.runner.services.ask import ask
from dishwasher.runner.services.recipe import Place, Recipe


class Redis(Recipe):
    name = "redis"
    port = 6379
    package = "redis-server"
    accounts = ("redis",)

    def programs(self) -> tuple[tuple[str, ...], ...]:
        return (("redis-server", "valkey-server"),)

    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        return (), b""

    def start(self, place: Place) -> tuple[str, ...]:
        argv = (self.find(("redis-server", "valkey-server")), "--port", str(place.port))
        memory_only = ("--save", "", "--appendonly", "no")
        return (*argv, "--bind", "127.0.0.1", "--dir", str(place.folder), *memory_only)

    def is_ready(self, place: Place) -> bool:
        return ask(place.port, b"PING\r\n").startswith(b"+PONG")

    def environment(self, place: Place) -> dict[str, str]:
        return {}
