"""Forty pages that each choose a picture of 20 MB, delete the uploaded file, and stay open."""

import os
from collections import Counter
from contextlib import AsyncExitStack
from io import BytesIO
from typing import Any

from PIL import Image

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import http_client, open_page, upload

SIDE = 2_600


async def attack(url: str, pages: int = 40) -> dict[str, Any]:
    """Counts the answers to uploads, and the pictures that a page has not taken."""
    picture, answers, refused = _noise(), Counter[int](), 0
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(http_client(url))
        for _ in range(pages):
            page = await stack.enter_async_context(open_page(url))
            file_id, status = await upload(client, page, picture)
            answers[status] += 1
            page.name_file("photo", file_id, len(picture))
            await page.rerun()
            refused += any("Too many pictures" in alert for alert in page.alerts)
            await client.delete(page.upload_address(file_id))
    return {"answers": dict(answers), "refused": refused, "file_mb": len(picture) // 1_000_000}


def _noise() -> bytes:
    buffer = BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


if __name__ == "__main__":
    figures.main(attack, __doc__)
