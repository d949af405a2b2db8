"""Which of a host's variables a runner and its job may see: an allow-list, never the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping

JOB_ENV = "DISHWASHER_JOB_ENV"
"""Setting: names of further host variables that jobs may see, separated by commas or spaces."""
SANDBOX = "DISHWASHER_SANDBOX"
"""Setting: the level of `core.sandbox` at which jobs run, or `auto`."""
MIRRORS = "DISHWASHER_MIRRORS"
"""Where the runners of one machine keep what they have fetched; told by the server."""
MIRROR_GB = "DISHWASHER_MIRROR_GB"
"""Setting: room for that, in GiB."""
TARBALL = "DISHWASHER_TARBALL"
"""Told by the server: the git of this machine is too old to fetch with."""
SINGLE_USE = "DISHWASHER_SINGLE_USE"
"""Told by a fleet: this machine was made for this one job, and nothing else is on it."""
LIBRARIES = "LD_LIBRARY_PATH"
"""Where programs of the host's may have their libraries. Nothing of ours needs it but the Python of
AWS's runtimes: https://github.com/lambci/docker-lambda/issues/276"""
FOR_RUNNERS = (JOB_ENV, SANDBOX, SINGLE_USE, MIRRORS, MIRROR_GB, TARBALL)
RESERVED = "DISHWASHER_"
"""The server's own settings, its secrets among them, can not be passed on even when listed."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LOCALE = _names(
    """
    LANG LANGUAGE LC_ALL LC_ADDRESS LC_COLLATE LC_CTYPE LC_IDENTIFICATION LC_MEASUREMENT
    LC_MESSAGES LC_MONETARY LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME TZ
    """
)
PROXY = _names(
    """
    http_proxy https_proxy ftp_proxy all_proxy no_proxy
    HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY
    """
)
CERTIFICATES = _names(
    """
    SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS
    GIT_SSL_CAINFO GIT_SSL_CAPATH AWS_CA_BUNDLE HTTPLIB2_CA_CERTS NIX_SSL_CERT_FILE
    CARGO_HTTP_CAINFO DENO_CERT
    """
)
INDEXES = _names(
    """
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_FIND_LINKS PIP_NO_INDEX PIP_CERT
    PIP_PROXY PIP_DEFAULT_TIMEOUT PIP_RETRIES PIP_DISABLE_PIP_VERSION_CHECK
    UV_INDEX UV_DEFAULT_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_NATIVE_TLS
    UV_SYSTEM_CERTS UV_HTTP_TIMEOUT
    NPM_CONFIG_REGISTRY npm_config_registry NPM_CONFIG_CAFILE npm_config_cafile
    NPM_CONFIG_PROXY npm_config_proxy NPM_CONFIG_HTTPS_PROXY npm_config_https_proxy
    YARN_REGISTRY YARN_NPM_REGISTRY_SERVER COREPACK_NPM_REGISTRY
    GOPROXY GOSUMDB GONOSUMDB RUBYGEMS_HOST BUNDLE_MIRROR__ALL
    """
)
_CREDENTIALS = re.compile(r"//[^/\s]*@")
HOST = frozenset({"PATH"}) | LOCALE | PROXY | CERTIFICATES | INDEXES


def is_single_use(host: Mapping[str, str]) -> bool:
    return host.get(SINGLE_USE) == "1"


def passed_names(host: Mapping[str, str]) -> frozenset[str]:
    """The names that the operator lets through on purpose."""
    names = host.get(JOB_ENV, "").replace(",", " ").split()
    return frozenset(name for name in names if not name.startswith(RESERVED))


def visible(host: Mapping[str, str], *, trusted: bool = True) -> dict[str, str]:
    """What of the host's environment a job may see.

    A stranger's gets nothing that the operator lets through for the team, and no URL with a
    password in it.
    """
    if not trusted:
        return {
            name: value
            for name, value in host.items()
            if name in HOST and not _CREDENTIALS.search(value)
        }
    names = HOST | passed_names(host)
    return {name: value for name, value in host.items() if name in names}


def carried(host: Mapping[str, str]) -> dict[str, str]:
    """What a runner's own process gets: the same, and the settings that are for runners."""
    kept = visible(host)
    kept.update((name, host[name]) for name in FOR_RUNNERS if name in host)
    return kept
