"""Messages of a megabyte that ask for the addresses of three hundred thousand files, and texts, which Streamlit does not expect."""

from collections import Counter
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLsRequest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.hostile.attacks import figures
from tests.hostile.attacks.client import stream_url

FILES = 300_000


async def attack(url: str, sockets: int = 20) -> dict[str, Any]:
    """Counts the codes with which the connections were closed."""
    names = BackMsg(file_urls_request=FileURLsRequest(request_id="names", file_names=["a"] * FILES)).SerializeToString()
    codes = Counter[int]()
    for _ in range(sockets):
        for message in (names, "hello"):
            codes[await _code(url, message)] += 1
    return {"codes": dict(codes)}


async def _code(url: str, message: bytes | str) -> int:
    async with connect(stream_url(url), compression=None, max_size=None) as socket:
        try:
            await socket.send(message)
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
        await socket.wait_closed()
    return socket.close_code or 0


if __name__ == "__main__":
    figures.main(attack, __doc__)
