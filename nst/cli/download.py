"""Fetching a picture from an address: bounded in bytes, in time and in redirects."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nst.errors import FileUnreadable, PictureTooLarge

if TYPE_CHECKING:
    import httpx

TIMEOUT = 10.0  # seconds to connect, and between two pieces
MAX_REDIRECTS = 3


def download(url: str, max_bytes: int) -> bytes:
    """What lies at an http or https address.

    Raises:
        PictureTooLarge: as soon as more than `max_bytes` arrive.
        FileUnreadable: when the server cannot be reached, refuses, stalls, or sends us about.
    """
    import httpx  # not at the top: most commands need none, and it takes a while

    host = urlsplit(url).hostname
    # Compressed on its way, a small answer could unpack to any size; pictures gain nothing by it.
    client = httpx.Client(timeout=TIMEOUT, follow_redirects=True, max_redirects=MAX_REDIRECTS, headers={"Accept-Encoding": "identity"})
    try:
        with client, client.stream("GET", url) as response:
            response.raise_for_status()
            return _bounded(response, max_bytes)
    except httpx.HTTPStatusError as error:
        raise FileUnreadable(f"The server {host} answers with status {error.response.status_code}. Check the address.") from error
    except httpx.TimeoutException as error:
        raise FileUnreadable(f"The server {host} did not answer within {TIMEOUT:g} seconds. Try again later.") from error
    except httpx.TooManyRedirects as error:
        raise FileUnreadable(f"The server {host} redirects more than {MAX_REDIRECTS} times. Use the picture's own address.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FileUnreadable(f"The picture could not be fetched from {host}. Check the address and your connection.") from error


def _bounded(response: "httpx.Response", max_bytes: int) -> bytes:
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > max_bytes:
            raise PictureTooLarge(f"The file is larger than {max_bytes / 1e6:g} MB. Use a smaller picture.")
    return bytes(data)
