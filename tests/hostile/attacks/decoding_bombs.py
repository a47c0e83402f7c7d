"""Eight visitors at a time who each choose a picture of 50 megapixels that is a file of 200 kB."""

import asyncio
from io import BytesIO
from typing import Any

from PIL import Image

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import http_client, open_page, upload

SIDES = 10_000, 5_000


async def attack(url: str, visitors: int = 8, all_have_begun: asyncio.Event | None = None) -> dict[str, Any]:
    picture = await asyncio.to_thread(_picture, SIDES)
    together, begun = asyncio.Barrier(visitors), all_have_begun or asyncio.Event()
    took = await asyncio.gather(*(_choose(url, picture, together, begun) for _ in range(visitors)))
    return {"file_kb": len(picture) // 1000, "slowest_s": round(max(took), 1)}


async def visit(url: str, sides: tuple[int, int], local_address: str) -> float:
    """Seconds until a page has dealt with a picture of this size."""
    picture = await asyncio.to_thread(_picture, sides)
    return await _choose(url, picture, asyncio.Barrier(1), asyncio.Event(), local_address)


def _picture(sides: tuple[int, int]) -> bytes:
    buffer = BytesIO()
    Image.new("RGBA", sides, (200, 30, 60, 128)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


async def _choose(url: str, picture: bytes, together: asyncio.Barrier, begun: asyncio.Event, local_address: str | None = None) -> float:
    loop = asyncio.get_running_loop()
    async with http_client(url, local_address=local_address) as client, open_page(url, local_address=local_address) as page:
        file_id, _ = await upload(client, page, picture)
        await together.wait()
        begun.set()
        begin = loop.time()
        page.name_file("photo", file_id, len(picture))
        await page.rerun(300)
        assert not page.alerts
        return loop.time() - begin


if __name__ == "__main__":
    figures.main(attack, __doc__)
