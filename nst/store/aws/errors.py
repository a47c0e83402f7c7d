"""Classifies what boto3 raises, and the error codes of its services. An unlisted code counts as a misconfiguration: AWS says why."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions
from botocore.discovery import EndpointDiscoveryException
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from nst.errors import PasticheError
from nst.store.errors import Failure, failure_of_os_error, store_error
from nst.store.user_messages import missing

PICTURES = "The studio's pictures cannot be reached at the moment. Nothing is lost. Please try again in a minute."
AWS = "The studio's machines do not answer at the moment. Accepted paintings are safe. Please try again in a minute."

_ABSENT = {"NoSuchKey", "404", "NotFound", "InvalidObjectState"}  # the last: it is in an archive, and takes hours to restore
_FULL = {"507", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "StorageFull", "InsufficientStorage"}
_BUSY = (  # parts of codes, which differ between services
    "hrottl",
    "TooMany",
    "SlowDown",
    "Unavailable",
    "InternalError",
    "InternalFailure",
    "InternalServer",
    "ServerException",
    "RequestTimeout",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "OperationAborted",
    "PriorRequestNotComplete",
)
_NOT_BUSY = {"RequestTimeTooSkewed", "NotImplemented"}  # a wrong clock, and a store without a feature of S3
_MALFORMED = {"MalformedXML", "InvalidArgument", "InvalidRequest", "MissingParameter", "InvalidParameterValue", "ValidationException"}
_PASSING = {408, 425, 429}
_HINTS: dict[type[Exception], str] = {
    exceptions.NoRegionError: " Set AWS_DEFAULT_REGION.",
    exceptions.NoCredentialsError: ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role.",
}

_OUTAGES: tuple[type[Exception], ...] = (
    exceptions.HTTPClientError,
    exceptions.ConnectionError,
    exceptions.IncompleteReadError,
    ResponseParserError,
    exceptions.ChecksumError,
    exceptions.FlexibleChecksumError,
    exceptions.MetadataRetrievalError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.CapacityNotAvailableError,
    exceptions.WaiterError,
    EndpointDiscoveryException,
    HTTPError,
)
_FAULTS: tuple[type[Exception], ...] = (
    exceptions.ParamValidationError,
    exceptions.ValidationError,
    exceptions.MissingParametersError,
    exceptions.OperationNotPageableError,
    exceptions.PaginationError,
    exceptions.UnknownClientMethodError,
    exceptions.UnseekableStreamError,
    exceptions.InvalidExpressionError,
    exceptions.WaiterConfigError,
    exceptions.AwsChunkedWrapperError,
    exceptions.StubResponseError,
)


@contextmanager
def translate_errors(outage_message: str) -> Iterator[None]:
    """Turn whatever boto3 raises into errors of the ports. Nothing but calls of the driver may be inside the block.

    Args:
        outage_message: `PICTURES` for calls to the object store, `AWS` for other services.

    Raises:
        ObjectMissing: when a picture does not exist.
        StoreUnavailable: for every other error.
    """
    try:
        yield
    except PasticheError:
        raise
    except Exception as error:
        if outage_message is PICTURES and isinstance(error, exceptions.ClientError) and _code(error) in _ABSENT:
            raise missing() from error
        what = "The store of pictures" if outage_message is PICTURES else "AWS"
        hint = _HINTS.get(type(error), "")
        raise store_error(failure_of(error), outage_message, f"{what} cannot be used: {error}{hint}") from error


def failure_of(error: Exception) -> Failure:
    """The kind of failure of an exception that boto3 has raised."""
    if isinstance(error, exceptions.ClientError):
        return failure_of_reply(_code(error), int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)))
    if isinstance(error, _OUTAGES):
        return Failure.OUTAGE
    if isinstance(error, _FAULTS) and not isinstance(error, exceptions.InvalidRegionError):
        return Failure.BUG
    if isinstance(error, exceptions.BotoCoreError | ValueError):  # of the configuration; boto3 reports an invalid endpoint as a ValueError
        return Failure.MISCONFIGURED
    return failure_of_os_error(error) if isinstance(error, OSError) else Failure.BUG


def failure_of_reply(code: str, status: int = 0) -> Failure:
    """The kind of failure of a service's error code, and the HTTP status of its response if known."""
    status = status or (int(code) if code.isdecimal() else 0)
    if code in _FULL or status == 507:
        return Failure.FULL
    if code in _NOT_BUSY:
        return Failure.MISCONFIGURED
    if status in _PASSING or status >= 500 or any(part in code for part in _BUSY):
        return Failure.OUTAGE
    return Failure.BUG if code in _MALFORMED else Failure.MISCONFIGURED


def _code(error: exceptions.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
