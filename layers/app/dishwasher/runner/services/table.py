"""The servers that a configuration can ask for, by name."""

from __future__ import annotations

from dishwasher.runner.services.memcached import Memcached
from dishwasher.runner.services.mysql import MySQL
from dishwasher.runner.services.postgresql import PostgreSQL
from dishwasher.runner.services.recipe import Recipe
from dishwasher.runner.services.redis import Redis

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (PostgreSQL(), MySQL(), Redis(), Memcached())
}
