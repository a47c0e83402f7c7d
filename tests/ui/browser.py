"""A server whose pages are not Streamlit's, for tests of what surrounds them."""

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from nst.service.visitors import owner_of
from nst.ui import server, urls
from nst.ui.owner import COOKIE

PAGE = {"accept": "text/html"}


def app_with_pages() -> Starlette:
    def page(_request: object) -> Response:
        return HTMLResponse("page")

    def missing(_request: object) -> Response:
        return HTMLResponse("no such page", 404)

    def asset(_request: object) -> Response:
        return PlainTextResponse("script", headers={"Cache-Control": "public, immutable, max-age=31536000"})

    def file(_request: object) -> Response:
        return PlainTextResponse("file", headers={"Content-Disposition": 'attachment; filename="a.png"'})

    base = urls.configured_base_path()
    pages = [Route(f"{base}/", page), Route(f"{base}/media/{{name}}", file)]
    pages += [Route(f"{base}/static/script.js", asset), Route(f"{base}/missing", missing)]
    return Starlette(routes=[*server.routes(), *pages], middleware=server.middleware())


def owner(client: TestClient) -> str:
    return owner_of(client.cookies[COOKIE].partition(".")[0])
