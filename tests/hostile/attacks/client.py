"""A bare Streamlit client: protobuf messages over `/_stcore/stream`, and files to `/_stcore/upload_file`. It has no visitor's cookie."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SMALLEST_RERUN = BackMsg(rerun_script=ClientState()).SerializeToString()
"""Two bytes that have the server run the page's script."""
_MOST_BYTES = 200_000_000


def stream_url(url: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/_stcore/stream"


@dataclass
class Page:
    """A session, as a browser tab has one.

    Attributes:
        widgets: ids of the page's widgets by key, as far as the script has shown them.
        values: states of widgets, sent with every run.
        alerts: what the page has warned of.
        query: of the page's address.
        fragment: the part of the page that runs again by itself; empty while there is none.
    """

    url: str
    socket: ClientConnection
    session_id: str = ""
    widgets: dict[str, str] = field(default_factory=dict)
    values: dict[str, WidgetState] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    query: str = ""
    fragment: str = ""

    async def rerun(self, seconds: float = 60.0, *, name: str = "", fragment: str = "") -> None:
        """Runs the script and waits until it has ended.

        Args:
            name: of the page; by default the first one.
            fragment: the part to run; by default the whole page.

        Raises:
            TimeoutError: when it has not ended in time.
            ConnectionError: when the connection is closed meanwhile.
        """
        state = ClientState(query_string=self.query, page_name=name, fragment_id=fragment, is_auto_rerun=bool(fragment))
        state.widget_states.widgets.extend(self.values.values())
        await self.socket.send(BackMsg(rerun_script=state).SerializeToString())
        await self.finished(seconds)

    async def finished(self, seconds: float) -> None:
        """Waits for the end of a run, such as one that the script itself has asked for."""
        async with asyncio.timeout(seconds):
            await self._until_finished()

    async def _until_finished(self) -> None:
        async for data in self.socket:
            message = ForwardMsg.FromString(bytes(data))  # type: ignore[arg-type]
            if message.WhichOneof("type") == "new_session":
                self.session_id = message.new_session.initialize.session_id
            elif message.WhichOneof("type") == "delta":
                self._note(message)
            elif message.WhichOneof("type") == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif message.WhichOneof("type") == "auto_rerun":
                self.fragment = message.auto_rerun.fragment_id
            elif message.WhichOneof("type") == "script_finished":
                return
        raise ConnectionError("the page's connection was closed")

    def press(self, key: str) -> None:
        """The button of that key is pressed in the next run; call `release` after it."""
        self.values[key] = WidgetState(id=self.widgets[key], trigger_value=True)

    def release(self, key: str) -> None:
        del self.values[key]

    def _note(self, message: ForwardMsg) -> None:
        element: Any = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "alert":
            self.alerts.append(element.alert.body)
        widget = getattr(getattr(element, kind), "id", "") if kind else ""
        if widget:
            key = widget.rpartition("-")[2]
            if self.widgets.get(key, widget) != widget:  # another field in its place: browsers forget the value of the old one
                self.values.pop(key, None)
            self.widgets[key] = widget

    def name_file(self, key: str, file_id: str, size: int) -> None:
        """The uploader of that key has this file from the next run on."""
        state = WidgetState(id=self.widgets[key])
        address = f"/_stcore/upload_file/{self.session_id}/{file_id}"
        info = UploadedFileInfo(name="photo.png", size=size, file_id=file_id)
        info.file_urls.file_id, info.file_urls.upload_url, info.file_urls.delete_url = file_id, address, address
        state.file_uploader_state_value.uploaded_file_info.append(info)
        self.values[key] = state

    def upload_address(self, file_id: str) -> str:
        return f"{self.url}/_stcore/upload_file/{self.session_id}/{file_id}"


@asynccontextmanager
async def open_page(url: str, *, name: str = "", cookie: str = "", local_address: str | None = None) -> AsyncIterator[Page]:
    """A session whose script has run once."""
    where = {} if local_address is None else {"local_addr": (local_address, 0)}
    headers = {"Cookie": cookie} if cookie else {}
    connection = connect(
        stream_url(url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=headers,
        max_size=_MOST_BYTES,
        open_timeout=60,
        compression=None,
        **where,
    )
    async with connection as socket:
        page = Page(url, socket)
        await page.rerun(name=name)
        yield page


@asynccontextmanager
async def http_client(url: str, *, local_address: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Has the token that uploads must show; anybody is given one."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)  # less than the server's: a browser would try again
    transport = httpx.AsyncHTTPTransport(local_address=local_address, limits=limits)
    async with httpx.AsyncClient(timeout=120, transport=transport) as client:
        answer = await client.get(f"{url}/_stcore/health")
        client.headers["X-Xsrftoken"] = str(answer.cookies["_streamlit_xsrf"])
        yield client


async def upload(client: httpx.AsyncClient, page: Page, data: bytes, file_id: str | None = None) -> tuple[str, int]:
    """The file's id, and the status of the answer."""
    file_id = file_id or str(uuid.uuid4())
    answer = await client.put(page.upload_address(file_id), files={"file": ("photo.png", data, "image/png")})
    return file_id, answer.status_code
