"""Every error that a user should hear of: its sentence for people, its exit code for scripts and its code for programs.

PasticheError
├── InvalidImage
│   ├── NotAPicture           not in a format that is read
│   ├── TruncatedPicture      incomplete or damaged
│   ├── PictureTooLarge       too many bytes or pixels, or a decompression bomb
│   └── PictureTooSmall       a side below the limit
├── InvalidParams             a parameter out of its range
├── InvalidRequest            a message from a program that does not match the contract
├── UnknownStyle              no such bundled style, and no such file
├── StyleChanged              the style's picture is not the one that was submitted
├── NoPictures                a folder or pattern without a picture in it
├── FileUnreadable            a file that is missing or may not be read
├── CannotWrite               an output path that cannot be written
├── DoesNotFit                a rendering larger than the memory
├── WeightsUnavailable        an encoder's weights could not be loaded or downloaded
├── RenderingFailed           the optimisation found no finite picture
├── InternalError             an unexpected error with one photo of several
├── PreviewFailed             a preview that ended early
├── PreviewsOff               previews are turned off
├── UnknownJob                no such painting, or it belongs to someone else
│   └── JobLost               it was accepted, and its record is gone
├── JobIdTaken                a program submitted an id that another painting has
├── NotAllowed                for administrators only, or for programs with a key
├── WrongState                a step that the painting's state does not allow
├── TooSlow                   a message from a program took too long to arrive
├── ObjectMissing             a stored picture that is gone, or a key that never existed
├── StoreUnavailable          jobs or pictures cannot be stored or read now: a temporary outage
│   ├── StoreFull             no space left
│   ├── StoreMisconfigured    it refuses until an operator changes something
│   │   └── DataTooNew        a database written by a later version
│   └── StoreFault            it rejects a command of this program, which is a bug
└── Refused                   a limit of a public site
    ├── TooManyUploads        by one visitor in a minute
    ├── TooManyJobs           unfinished paintings of one visitor
    ├── QueueFull             unfinished paintings of everybody
    ├── StorageFull           no space for another picture
    ├── PreviewsBusy          too many visitors wait for a preview
    ├── TooManyEvents         on one connection of a program in a second
    ├── TooManyConnections    of programs, from one address or in total
    └── ServerBusy            programs send more than the server can handle
"""

from typing import ClassVar


class PasticheError(Exception):
    """Base of all. `str(error)` is the sentence for the user: it says what to do, and has no paths or traces in it.

    Attributes:
        exit_code: of the command line.
        code: for programs, over sockets and HTTP. Part of the contract: it stays when a class is renamed.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "pastiche_error"


def is_out_of_memory(error: Exception) -> bool:
    """Whether any error, of whatever kind, means that memory ran out: torch raises RuntimeErrors."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error))


class InvalidImage(PasticheError):
    exit_code = 10
    code = "invalid_image"


class NotAPicture(InvalidImage):
    exit_code = 11
    code = "not_a_picture"


class TruncatedPicture(InvalidImage):
    exit_code = 12
    code = "truncated_picture"


class PictureTooLarge(InvalidImage):
    exit_code = 13
    code = "picture_too_large"


class PictureTooSmall(InvalidImage):
    exit_code = 14
    code = "picture_too_small"


class InvalidParams(PasticheError):
    exit_code = 20
    code = "invalid_params"


class InvalidRequest(PasticheError):
    exit_code = 25
    code = "invalid_request"


class UnknownStyle(PasticheError):
    exit_code = 21
    code = "unknown_style"


class StyleChanged(PasticheError):
    exit_code = 26
    code = "style_changed"


class NoPictures(PasticheError):
    exit_code = 22
    code = "no_pictures"


class FileUnreadable(PasticheError):
    exit_code = 23
    code = "file_unreadable"


class CannotWrite(PasticheError):
    exit_code = 24
    code = "cannot_write"


class DoesNotFit(PasticheError):
    exit_code = 30
    code = "does_not_fit"


class WeightsUnavailable(PasticheError):
    exit_code = 31
    code = "weights_unavailable"


NOT_FINITE = "The rendering found no finite picture. Try a lower strength, or another style picture."


class RenderingFailed(PasticheError):
    exit_code = 32
    code = "rendering_failed"


class InternalError(PasticheError):
    exit_code = 70
    code = "internal_error"


class PreviewFailed(PasticheError):
    exit_code = 33
    code = "preview_failed"


class PreviewsOff(PasticheError):
    exit_code = 34
    code = "previews_off"


class UnknownJob(PasticheError):
    exit_code = 40
    code = "unknown_job"


class JobLost(UnknownJob):
    """Scripts get the exit code of a job that never existed; its owner gets another sentence."""

    code = "job_lost"


class JobIdTaken(PasticheError):
    exit_code = 52
    code = "job_id_taken"


class NotAllowed(PasticheError):
    exit_code = 41
    code = "not_allowed"


class WrongState(PasticheError):
    exit_code = 42
    code = "wrong_state"


class TooSlow(PasticheError):
    exit_code = 56
    code = "too_slow"


class ObjectMissing(PasticheError):
    exit_code = 43
    code = "object_missing"


class StoreUnavailable(PasticheError):
    """All kinds have the same code: only the operator needs to know why a store cannot be used.

    Args:
        reason: a sentence for the operator, for logs and the command line alone: it may name files, servers and
            their error messages.
    """

    exit_code = 50
    code = "store_unavailable"

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason or sentence


class StoreFull(StoreUnavailable):
    pass


class StoreMisconfigured(StoreUnavailable):
    """Waiting alone does not help. A process that has only just started ends with it."""


class StoreFault(StoreUnavailable):
    pass


class DataTooNew(StoreMisconfigured):
    exit_code = 49


class Refused(PasticheError):
    exit_code = 44
    code = "refused"


class TooManyUploads(Refused):
    exit_code = 45
    code = "too_many_uploads"


class TooManyJobs(Refused):
    exit_code = 46
    code = "too_many_jobs"


class QueueFull(Refused):
    exit_code = 47
    code = "queue_full"


class StorageFull(Refused):
    exit_code = 48
    code = "storage_full"


class PreviewsBusy(Refused):
    exit_code = 57
    code = "previews_busy"


class TooManyEvents(Refused):
    exit_code = 53
    code = "too_many_events"


class TooManyConnections(Refused):
    exit_code = 54
    code = "too_many_connections"


class ServerBusy(Refused):
    exit_code = 55
    code = "server_busy"
