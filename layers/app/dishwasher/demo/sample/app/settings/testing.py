"""Tests, and a developer's machine."""
from .base import *  # noqa: F401,F403

DEBUG = False
SECRET_KEY = "not a secret: tests only"
ALLOWED_HOSTS = ["*"]
