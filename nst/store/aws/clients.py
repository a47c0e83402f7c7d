"""Clients of AWS services, and of other stores with the API of S3: configuration, retries and timeouts.

Credentials, region and endpoint come from the usual AWS variables, or from the role of the ECS task or Batch job that this process is.
"""

import os
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from nst.store.aws.errors import AWS, translate_errors

_TRIES = 6  # with about fifteen seconds of pauses, so that a short outage is not noticed; AWS_MAX_ATTEMPTS overrides it
_LONGEST_POLL = 20  # seconds, the maximum of SQS; a socket has to wait longer

_BASE = Config(read_timeout=_LONGEST_POLL + 10, max_pool_connections=32)

S3_COMPATIBLE = _BASE.merge(
    Config(
        signature_version="s3v4",
        connect_timeout=2,
        retries={"mode": "standard", "max_attempts": 3},
        request_checksum_calculation="when_required",  # other stores than S3 refuse checksums that they do not know
        response_checksum_validation="when_required",
    )
)


def s3_compatible() -> Any:
    """A client for the store that the AWS variables name, which need not be S3."""
    return boto3.client("s3", config=S3_COMPATIBLE)


class Clients:
    """Clients of one session, made on first use. They may be used from any thread.

    Args:
        session: with region and credentials; by default from the environment.

    Raises:
        StoreUnavailable: when the configuration is invalid; so do the clients.
    """

    def __init__(self, session: Any = None) -> None:
        with translate_errors(AWS):
            self._session = session or boto3.session.Session()
        self._config = _aws_config()

    @cached_property
    def s3(self) -> Any:
        return self._client("s3", self._config.merge(_s3_config()))

    @cached_property
    def batch(self) -> Any:
        return self._client("batch", self._config)

    @cached_property
    def sqs(self) -> Any:
        return self._client("sqs", self._config)

    @cached_property
    def cloudfront(self) -> Any:
        return self._client("cloudfront", self._config)

    def _client(self, name: str, config: Config) -> Any:
        with translate_errors(AWS):
            return self._session.client(name, config=config)


def _aws_config() -> Config:
    """Adaptive retries: in addition to growing pauses, each process slows itself down when a service throttles it."""
    retries = {"mode": "adaptive", "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS", _TRIES))}
    return _BASE.merge(Config(signature_version="v4", connect_timeout=3, retries=retries))


def _s3_config() -> Config:
    """Use the region's host, which a signed URL has to name: the global one redirects browsers. Custom endpoints choose for themselves."""
    is_custom = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    style = {"addressing_style": "auto" if is_custom else "virtual", "us_east_1_regional_endpoint": "regional"}
    return Config(signature_version="s3v4", s3=style)
