"""The way to AWS: one session for a process, regional endpoints, patience, and refusals told in our own words.

Credentials, region and endpoint come from the usual AWS variables, or from the role of the task or job that this process is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from nst.errors import StoreUnavailable

_TRIES = 6  # with about fifteen seconds of pauses: a short outage is not noticed. AWS_MAX_ATTEMPTS says otherwise.
_LONGEST_POLL = 20  # what SQS allows; a socket has to be more patient
_BUSY = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "SlowDown",
    "ServerException",
    "ServiceUnavailable",
    "InternalError",
    "InternalFailure",
    "429",
    "500",
    "502",
    "503",
    "504",
}


class Clients:
    """Clients of one session. They are made when they are first asked for, and may be used from any thread.

    Args:
        session: with region and credentials; by default what the environment says.
    """

    def __init__(self, session: Any = None) -> None:
        self._session = session or boto3.session.Session()
        self._config = _config()

    @cached_property
    def s3(self) -> Any:
        return self._session.client("s3", config=self._config.merge(_s3_config()))

    @cached_property
    def batch(self) -> Any:
        return self._session.client("batch", config=self._config)

    @cached_property
    def sqs(self) -> Any:
        return self._session.client("sqs", config=self._config)

    @cached_property
    def cloudfront(self) -> Any:
        return self._session.client("cloudfront", config=self._config)


def _s3_config() -> Config:
    """The region's host, which a signed address has to name: the global one sends browsers elsewhere. Other stores as they like."""
    has_own = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    style = {"addressing_style": "auto" if has_own else "virtual", "us_east_1_regional_endpoint": "regional"}
    return Config(signature_version="s3v4", s3=style)


def _config() -> Config:
    """Adaptive: beside pauses that grow, each process slows itself down when a service says that it is asked too much."""
    return Config(
        signature_version="v4",
        connect_timeout=3,
        read_timeout=_LONGEST_POLL + 10,
        retries={"mode": "adaptive", "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS", _TRIES))},
        max_pool_connections=32,
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """
    Raises:
        StoreUnavailable: when the service does not answer, or has no time.
        OSError: when it refuses.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _BUSY or _status(error) >= 500:
            raise _unavailable() from error
        raise OSError(f"AWS refuses: {code}") from error
    except (ConnectionError, HTTPClientError) as error:
        raise _unavailable() from error
    except BotoCoreError as error:  # no credentials at the moment, an endpoint that is none
        raise OSError("AWS cannot be used") from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The studio's machines do not answer at the moment. What was accepted is kept. Please try again in a minute.")
