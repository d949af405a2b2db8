"""What servers are called by people, in addresses and by their ports, and what we call them."""

from __future__ import annotations

_ALIASES = {
    "postgresql": "postgresql postgres postgis pgsql psql postgresql-server",
    "mysql": "mysql mysqld mariadb mysql2 mysqlgis mysql-server",
    "redis": "redis redis-server rediss",
    "mongodb": "mongodb mongo mongod",
    "memcached": "memcached memcache pylibmc",
    "elasticsearch": "elasticsearch",
    "rabbitmq": "rabbitmq rabbitmq-server amqp",
}
NAMES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
"""What files, schemes of addresses and services of the system call them → our name."""
STARTABLE = frozenset({"postgresql", "mysql", "redis", "memcached"})
"""Those that a runner can start, by our names."""
PORTS = {
    "5432": "postgresql",
    "3306": "mysql",
    "6379": "redis",
    "27017": "mongodb",
    "11211": "memcached",
    "9200": "elasticsearch",
    "5672": "rabbitmq",
}
"""Their usual ports, as digits in a text."""
LOCAL = frozenset({"", "localhost", "127.0.0.1", "0.0.0.0", "[::1]"})
"""Hosts of an address that are this machine."""
