"""Everything that can go wrong and that a user should hear of, each with a sentence fit for them and an exit code for scripts.

PasticheError
├── InvalidImage
│   ├── NotAPicture           bytes that are no JPEG, PNG or WebP
│   ├── TruncatedPicture      a picture that breaks off or is damaged
│   ├── PictureTooLarge       too many bytes or pixels, or a decompression bomb
│   └── PictureTooSmall       a side below the limit
├── InvalidParams             a parameter out of its range
├── InvalidRequest            a message of a program that is not to the contract
├── UnknownStyle              no such bundled style, and no such file
├── NoPictures                a folder or pattern without a picture in it
├── FileUnreadable            a file that is missing or may not be read
├── CannotWrite               an output path that cannot be written
├── DoesNotFit                a rendering larger than the memory
├── WeightsUnavailable        an encoder's weights that could not be had
├── RenderingFailed           nothing finite was found
├── PreviewFailed             a preview that broke off
├── PreviewsOff               a preview asked for where there are none
├── UnknownJob                no such painting, or somebody else's
│   └── JobLost               one that was accepted, and whose record is gone
├── JobIdTaken                an id that a program brought, and that another painting has
├── NotAllowed                for administrators only, or for those who have a key
├── WrongState                a step that a painting cannot take from where it is
├── TooSlow                   a message of a program that does not come to its end
├── ObjectMissing             a stored picture that is gone, or a key that never was one
├── DataTooNew                a database that a later version has written
├── StoreUnavailable          what jobs or pictures are kept in does not answer
└── Refused                   a limit of a public site
    ├── TooManyUploads        by one visitor in a minute
    ├── TooManyJobs           waiting or being painted for one visitor
    ├── QueueFull             for everybody
    ├── StorageFull           no room for another picture
    ├── PreviewsBusy          more visitors than previews can be painted for
    ├── TooManyEvents         on one connection of a program in a second
    ├── TooManyConnections    of programs, of one address or of all
    └── ServerBusy            more that programs send than there is room for
"""

from typing import ClassVar


class PasticheError(Exception):
    """Base of all. `str(error)` is the sentence for the user: no paths of ours, no traces, and what to do about it."""

    exit_code: ClassVar[int] = 1


class InvalidImage(PasticheError):
    exit_code = 10


class NotAPicture(InvalidImage):
    exit_code = 11


class TruncatedPicture(InvalidImage):
    exit_code = 12


class PictureTooLarge(InvalidImage):
    exit_code = 13


class PictureTooSmall(InvalidImage):
    exit_code = 14


class InvalidParams(PasticheError):
    exit_code = 20


class InvalidRequest(PasticheError):
    exit_code = 25


class UnknownStyle(PasticheError):
    exit_code = 21


class NoPictures(PasticheError):
    exit_code = 22


class FileUnreadable(PasticheError):
    exit_code = 23


class CannotWrite(PasticheError):
    exit_code = 24


class DoesNotFit(PasticheError):
    exit_code = 30


class WeightsUnavailable(PasticheError):
    exit_code = 31


NOT_FINITE = "The rendering found no finite picture. Try a lower strength, or another style picture."


class RenderingFailed(PasticheError):
    exit_code = 32


class PreviewFailed(PasticheError):
    exit_code = 33


class PreviewsOff(PasticheError):
    exit_code = 34


class UnknownJob(PasticheError):
    exit_code = 40


class JobLost(UnknownJob):
    """To a script it is the same as one that never was; to its owner it is not."""


class JobIdTaken(PasticheError):
    exit_code = 52


class NotAllowed(PasticheError):
    exit_code = 41


class WrongState(PasticheError):
    exit_code = 42


class TooSlow(PasticheError):
    exit_code = 56


class ObjectMissing(PasticheError):
    exit_code = 43


class DataTooNew(PasticheError):
    exit_code = 49


class StoreUnavailable(PasticheError):
    exit_code = 50


class Refused(PasticheError):
    exit_code = 44


class TooManyUploads(Refused):
    exit_code = 45


class TooManyJobs(Refused):
    exit_code = 46


class QueueFull(Refused):
    exit_code = 47


class StorageFull(Refused):
    exit_code = 48


class PreviewsBusy(Refused):
    exit_code = 49


class TooManyEvents(Refused):
    exit_code = 53


class TooManyConnections(Refused):
    exit_code = 54


class ServerBusy(Refused):
    exit_code = 55
