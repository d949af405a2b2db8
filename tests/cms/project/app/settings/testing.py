"""For the test suite, wherever it runs: the database and DEBUG come from the environment."""

import os

import dj_database_url

DEBUG = os.environ["DEBUG"] == "True"
SECRET_KEY = "tests need one, and keep no secret"
INSTALLED_APPS = ["pages"]
DATABASES = {"default": dj_database_url.config()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = os.environ.get("TZ", "UTC")
USE_TZ = True
