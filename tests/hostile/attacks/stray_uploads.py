"""One session that uploads fifteen files of 19.9 MB which no widget shows, and a second one that does so after it."""

from collections import Counter
from typing import Any

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import http_client, open_page, upload


async def attack(url: str, sessions: int = 2, files: int = 15, size: int = 19_900_000) -> dict[str, Any]:
    answers: Counter[int] = Counter()
    async with http_client(url) as client:
        for number in range(sessions):
            async with open_page(url) as page:
                for _ in range(files):
                    answers[(await upload(client, page, bytes([number]) * size))[1]] += 1
    return {"answers": dict(answers)}


if __name__ == "__main__":
    figures.main(attack, __doc__)
