"""Every exception of a driver becomes one of the errors that the ports name."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3.exceptions
import botocore.discovery
import botocore.parsers
import pytest
import redis.exceptions
import redis.sentinel
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from nst import errors
from nst.errors import ObjectMissing, StoreFault, StoreFull, StoreMisconfigured, StoreUnavailable
from nst.gateway.error_codes import http_status
from nst.store.aws.errors import AWS, PICTURES, translate_errors
from nst.store.aws.objects import S3Objects
from nst.store.redis import Connection
from nst.store.sqlite import Database

KEY = f"private/input/{'a1' * 16}.jpg"
NAMES = {StoreUnavailable: "outage", StoreFull: "full", StoreMisconfigured: "misconfigured", StoreFault: "bug"}


def failure_of(call: Callable[[], object]) -> str:
    """The kind of failure that a call raises; anything else is raised."""
    try:
        call()
    except StoreUnavailable as error:
        assert error.reason != str(error)
        assert (error.exit_code, http_status(error), error.code) == (50, 503, "store_unavailable")
        return NAMES[type(error)]
    except ObjectMissing:
        return "missing"
    raise AssertionError("nothing was raised")


def kinds_of(*roots: type[Exception]) -> list[type[Exception]]:
    found = dict.fromkeys(roots)
    for root in roots:
        found |= dict.fromkeys(kinds_of(*root.__subclasses__()))
    return list(found)


def exceptions_in(module: ModuleType) -> list[type[Exception]]:
    return [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception)]


class TestRedis:
    @staticmethod
    def answers(error: Exception) -> Callable[[], object]:
        class Client:
            def execute_command(self, *_: object) -> None:
                raise error

        connection = Connection("redis://127.0.0.1:1/0")
        connection.close()
        connection._client = Client()
        return lambda: connection.call("PING")

    @pytest.mark.parametrize(
        "kind", kinds_of(redis.exceptions.RedisError, redis.exceptions.RedisClusterException, *exceptions_in(redis.exceptions))
    )
    def test_every_exception_of_the_driver_is_classified(self, kind: type[Exception]) -> None:
        moved = issubclass(kind, redis.exceptions.AskError)
        assert failure_of(self.answers(kind("1 127.0.0.1:6379" if moved else "why"))) in NAMES.values()

    @pytest.mark.parametrize(
        "error", [ValueError("x"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), IndexError(), OSError("x"), KeyError("x")]
    )
    def test_so_has_what_it_lets_through(self, error: Exception) -> None:
        assert failure_of(self.answers(error)) in NAMES.values()

    @pytest.mark.parametrize(
        ("reply", "failure"),
        [
            ("NOREPLICAS Not enough good replicas to write.", "outage"),
            ("NOTREADY Server is starting", "outage"),
            ("LOADING Redis is loading the dataset in memory", "outage"),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "outage"),
            ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "outage"),
            ("UNKILLABLE Sorry the script already executed write commands against the dataset.", "outage"),
            ("READONLY You can't write against a read only replica.", "outage"),
            ("TRYAGAIN Multiple keys request during rehashing of slot", "outage"),
            ("CLUSTERDOWN The cluster is down", "outage"),
            ("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "outage"),
            ("MOVED 3999 127.0.0.1:6381", "outage"),
            ("ASK 3999 127.0.0.1:6381", "outage"),
            ("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)", "outage"),
            ("NOSCRIPT No matching script. Please use EVAL.", "outage"),
            ("ERR max number of clients reached", "outage"),
            ("ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.", "outage"),
            ("OOM command not allowed when used memory > 'maxmemory'.", "full"),
            ("NOAUTH Authentication required.", "misconfigured"),
            ("WRONGPASS invalid username-password pair or user is disabled.", "misconfigured"),
            ("ERR invalid password", "misconfigured"),
            ("ERR operation not permitted", "misconfigured"),
            ("NOPERM this user has no permissions to run the 'evalsha' command", "misconfigured"),
            ("ERR DB index is out of range", "misconfigured"),
            ("ERR SELECT is not allowed in cluster mode", "misconfigured"),
            ("ERR This instance has cluster support disabled", "misconfigured"),
            ("ERR unknown command 'EVALSHA', with args beginning with: 'secret' ", "misconfigured"),
            ("ERR unknown command `XADD`, with args beginning with: `secret`, ", "misconfigured"),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "misconfigured"),
            ("DENIED Redis is running in protected mode because protected mode is enabled", "misconfigured"),
            ("NOPROTO unsupported protocol version", "misconfigured"),
            ("ERR Protocol error: invalid bulk length", "misconfigured"),
            ("ERR Error running script (call to f_a1): @user_script:9: @user_script: 9: -NOREPLICAS Not enough good replicas", "outage"),
            ("ERR Error running script (call to f_a1): @user_script:9: -OOM command not allowed when used memory", "full"),
            (
                "ERR Error running script (call to f_a1): @user_script:9: @user_script: 9: Unknown Redis command called from script",
                "misconfigured",
            ),
            ("ERR Error running script (call to f_a1): @user_script:9: attempt to index a nil value", "bug"),
            ("ERR syntax error", "bug"),
            ("CROSSSLOT Keys in request don't hash to the same slot", "bug"),
            ("SOMETHING that no Redis says yet", "bug"),
        ],
    )
    def test_every_reply_is_classified(self, reply: str, failure: str, caplog: pytest.LogCaptureFixture) -> None:
        from redis._parsers.base import BaseParser

        assert failure_of(self.answers(BaseParser.parse_error(reply))) == failure
        assert bool(caplog.records) == (failure == "bug"), "a bug is logged with its traceback"
        with pytest.raises(StoreUnavailable) as caught:
            self.answers(BaseParser.parse_error(reply))()
        assert "secret" not in caught.value.reason


class TestSqlite:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = Database(tmp_path / "studio.sqlite3")
        yield database
        database.close()

    @staticmethod
    def raising(database: Database, error: Exception) -> Callable[[], object]:
        def call() -> None:
            with database.writing():
                raise error

        return call

    @pytest.mark.parametrize("kind", kinds_of(sqlite3.Error, sqlite3.Warning))
    def test_every_exception_of_the_driver_is_classified(self, database: Database, kind: type[Exception]) -> None:
        assert failure_of(self.raising(database, kind("why"))) == "bug"

    @pytest.mark.parametrize(
        ("name", "failure"),
        [
            ("BUSY", "outage"),
            ("BUSY_SNAPSHOT", "outage"),
            ("LOCKED", "outage"),
            ("NOMEM", "outage"),
            ("INTERRUPT", "outage"),
            ("IOERR", "outage"),
            ("IOERR_FSYNC", "outage"),
            ("IOERR_SHORT_READ", "outage"),
            ("IOERR_SHMMAP", "outage"),
            ("PROTOCOL", "outage"),
            ("SCHEMA", "outage"),
            ("FULL", "full"),
            ("PERM", "misconfigured"),
            ("READONLY", "misconfigured"),
            ("READONLY_DBMOVED", "misconfigured"),
            ("READONLY_DIRECTORY", "misconfigured"),
            ("CANTOPEN", "misconfigured"),
            ("CANTOPEN_ISDIR", "misconfigured"),
            ("CORRUPT", "misconfigured"),
            ("CORRUPT_VTAB", "misconfigured"),
            ("NOTADB", "misconfigured"),
            ("NOLFS", "misconfigured"),
            ("AUTH", "misconfigured"),
            ("FORMAT", "misconfigured"),
            ("EMPTY", "misconfigured"),
            ("ERROR", "bug"),
            ("INTERNAL", "bug"),
            ("ABORT", "bug"),
            ("NOTFOUND", "bug"),
            ("TOOBIG", "bug"),
            ("CONSTRAINT", "bug"),
            ("CONSTRAINT_UNIQUE", "bug"),
            ("MISMATCH", "bug"),
            ("MISUSE", "bug"),
            ("RANGE", "bug"),
        ],
    )
    def test_every_code_is_classified(self, database: Database, name: str, failure: str) -> None:
        error = sqlite3.DatabaseError("why")
        error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{name}")
        assert failure_of(self.raising(database, error)) == failure

    def test_tables_that_are_missing_are_the_files_fault(self, database: Database) -> None:
        def call() -> None:
            with database.reading() as connection:
                connection.execute("SELECT * FROM no_such_table")

        assert failure_of(call) == "misconfigured"

    def test_other_errors_pass_unchanged(self, database: Database) -> None:
        with pytest.raises(errors.TooManyJobs):
            self.raising(database, errors.TooManyJobs("Wait."))()


class TestBoto:
    @staticmethod
    def raising(error: Exception, outage_message: str = PICTURES) -> Callable[[], object]:
        def call() -> None:
            with translate_errors(outage_message):
                raise error

        return call

    @staticmethod
    def made(kind: type[Exception]) -> Exception:
        if issubclass(kind, ClientError):
            return kind({"Error": {"Code": "x"}}, "PutObject")
        return kind.__new__(kind, "x")  # each has arguments of its own, and what it says does not matter

    @pytest.mark.parametrize("outage_message", [PICTURES, AWS])
    @pytest.mark.parametrize("kind", kinds_of(BotoCoreError, ClientError, boto3.exceptions.Boto3Error, *exceptions_in(botocore.exceptions)))
    def test_every_exception_of_the_driver_is_classified(self, kind: type[Exception], outage_message: str) -> None:
        assert failure_of(self.raising(self.made(kind), outage_message)) in NAMES.values()

    @pytest.mark.parametrize(
        ("name", "failure"),
        [
            ("EndpointConnectionError", "outage"),
            ("ConnectTimeoutError", "outage"),
            ("ReadTimeoutError", "outage"),
            ("ProxyConnectionError", "outage"),
            ("SSLError", "outage"),
            ("IncompleteReadError", "outage"),
            ("FlexibleChecksumError", "outage"),
            ("CredentialRetrievalError", "outage"),
            ("NoCredentialsError", "misconfigured"),
            ("PartialCredentialsError", "misconfigured"),
            ("UnauthorizedSSOTokenError", "misconfigured"),
            ("NoRegionError", "misconfigured"),
            ("InvalidRegionError", "misconfigured"),
            ("ProfileNotFound", "misconfigured"),
            ("InvalidProxiesConfigError", "misconfigured"),
            ("ParamValidationError", "bug"),
            ("UnknownParameterError", "bug"),
        ],
    )
    def test_what_happens_on_the_way_is_classified(self, name: str, failure: str) -> None:
        assert failure_of(self.raising(self.made(getattr(botocore.exceptions, name)))) == failure

    @pytest.mark.parametrize("error", [HTTPError("x"), botocore.parsers.ResponseParserError("x"), OSError("x")])
    def test_what_the_driver_lets_through_is_an_outage(self, error: Exception) -> None:
        assert failure_of(self.raising(error)) == "outage"

    @pytest.mark.parametrize(
        ("code", "status", "failure"),
        [
            ("SlowDown", 503, "outage"),
            ("Throttling", 400, "outage"),
            ("ThrottlingException", 400, "outage"),
            ("RequestThrottled", 403, "outage"),
            ("TooManyRequestsException", 429, "outage"),
            ("RequestTimeout", 400, "outage"),
            ("InternalError", 500, "outage"),
            ("ServiceUnavailable", 503, "outage"),
            ("502", 502, "outage"),
            ("Whatever", 500, "outage"),
            ("XMinioStorageFull", 507, "full"),
            ("QuotaExceeded", 403, "full"),
            ("AccessDenied", 403, "misconfigured"),
            ("403", 403, "misconfigured"),
            ("InvalidAccessKeyId", 403, "misconfigured"),
            ("SignatureDoesNotMatch", 403, "misconfigured"),
            ("ExpiredToken", 400, "misconfigured"),
            ("InvalidClientTokenId", 403, "misconfigured"),
            ("RequestTimeTooSkewed", 403, "misconfigured"),
            ("PermanentRedirect", 301, "misconfigured"),
            ("AuthorizationHeaderMalformed", 400, "misconfigured"),
            ("301", 301, "misconfigured"),
            ("NoSuchBucket", 404, "misconfigured"),
            ("AllAccessDisabled", 403, "misconfigured"),
            ("NotImplemented", 501, "misconfigured"),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, "misconfigured"),
            ("ClientException", 400, "misconfigured"),
            ("NoSuchKey", 404, "missing"),
            ("404", 404, "missing"),
            ("InvalidObjectState", 403, "missing"),
            ("MalformedXML", 400, "bug"),
            ("InvalidArgument", 400, "bug"),
        ],
    )
    def test_every_answer_is_classified(self, code: str, status: int, failure: str) -> None:
        answer = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        assert failure_of(self.raising(ClientError(answer, "GetObject"))) == failure
        assert failure_of(self.raising(ClientError(answer, "SubmitJob"), AWS)) == ("misconfigured" if failure == "missing" else failure)

    def test_pictures_that_could_not_be_deleted_are_reported(self) -> None:
        class Client:
            def delete_objects(self, **_: object) -> dict[str, Any]:
                return {"Errors": [{"Key": KEY, "Code": "AccessDenied"}]}

        with pytest.raises(StoreMisconfigured) as caught:
            S3Objects("bucket", client=Client()).delete([KEY])
        assert "1 pictures could not be deleted: AccessDenied" in caught.value.reason

    def test_each_call_reports_variables_that_make_no_sense(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        assert failure_of(lambda: S3Objects("bucket").get(KEY)) == "misconfigured"


def test_a_fault_of_ours_is_in_the_log_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StoreFault, match="on our side"):
        TestBoto.raising(TypeError("a mistake"))()
    (record,) = caplog.records
    assert record.exc_info is not None
