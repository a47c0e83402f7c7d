"""The HTML that browsers and link previews read first: Streamlit's, with the studio's title, icons, style sheet and description.

The style sheet is loaded here rather than by the pages, so that the first frame already has its final layout.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from streamlit import file_util

from nst.domain import Job
from nst.errors import PasticheError
from nst.ui import singletons, urls
from nst.ui.titles import title_of

ASSETS = Path(__file__).parent / "assets"
_STREAMLIT = Path(file_util.get_static_dir())
DESCRIPTION = "Turn a photo into a painting in the style of any picture, and watch it being painted. Private unless you publish it."
TITLES = {
    "": "Pastiche: turn a photo into a painting",
    "gallery": "Gallery · Pastiche",
    "my_pictures": "My pictures · Pastiche",
    "status": "Status · Pastiche",
}
_REPLACED = re.compile(r'<title>.*?</title>|<link rel="shortcut icon"[^>]*>|<noscript>.*?</noscript>', re.DOTALL)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Pages are one level below the base path. Without this, Streamlit looks for its server below each page's own address first.
# And without the other, it explains a lost connection to developers, over the studio's own words for visitors.
_BASE_SCRIPT = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href, HOST_CONFIG: { blockErrorDialogs: true } }'
# Parts that Streamlit would request only once the first element needs them.
_EARLY = (
    "js/Html.*",
    "js/purify.es.*",
    "js/PageLink.*",
    "js/BidiComponent.*",
    "js/_arrayReduce.*",
    "js/serialization.*",
    "js/recordbatch.*",
)
_EARLY_FONT = "media/SourceSerifVariable-Roman.*"
_HEAD = """
    <title>{title}</title>
    <meta name="description" content="{description}">
    <meta name="theme-color" content="#fbf8f2" media="(prefers-color-scheme: light)">
    <meta name="theme-color" content="#181613" media="(prefers-color-scheme: dark)">
    <meta property="og:type" content="website">
    <meta property="og:site_name" content="Pastiche">
    <meta property="og:title" content="{title}">
    <meta property="og:description" content="{description}">
    <meta property="og:url" content="{address}">
    <meta property="og:image" content="{picture}">
    <meta property="og:image:width" content="1200">
    <meta property="og:image:height" content="630">
    <meta name="twitter:card" content="summary_large_image">
    <link rel="icon" href="./assets/favicon.svg" type="image/svg+xml">
    <link rel="apple-touch-icon" href="./assets/icon.png">
    <link rel="manifest" href="./assets/manifest.json">
    <script>{script}</script>"""
# In the body, because Streamlit adds its own rules to the head later, and of equal ones the last counts.
_BODY = """
    <link rel="stylesheet" href="./assets/style.css?v={version}">
    <noscript><p>Pastiche needs JavaScript.</p></noscript>"""

_NOT_FOUND = """<!DOCTYPE html>
<html lang="en">
  <head>
    <title>No such page · Pastiche</title>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="{base}/assets/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="{base}/assets/style.css?v={version}">
  </head>
  <body class="stApp">
    <main class="empty">
      <h1>No such page</h1>
      <p>The address may be mistyped.</p>
      <p><a class="button" href="{base}/">Paint a photo</a></p>
    </main>
  </body>
</html>
"""
# What begins the addresses of Streamlit's own routes.
_STREAMLITS = ("_stcore", "app", "auth", "component", "healthz", "media", "oauth2callback", "static")


def routes(base: str) -> list[BaseRoute]:
    return [*(Route(f"{base}/{page}", _index) for page in TITLES), Mount(f"{base}/assets", StaticFiles(directory=ASSETS))]


class UnknownPage(Route):
    """Addresses that a browser opens as a page and that nothing answers: Streamlit would serve its own page there, without any style."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.FULL or "text/html" not in Headers(scope=scope).get("accept", ""):
            return Match.NONE, {}
        segments = child["path_params"]["page"].strip("/").split("/")
        is_page = segments[0] not in _STREAMLITS and "." not in segments[-1]
        return (match, child) if is_page else (Match.NONE, {})


def not_found(request: Request) -> Response:
    base, page = urls.public_base(request, singletons.settings().public_url), request.path_params["page"].rstrip("/")
    if page in TITLES:
        return RedirectResponse(f"{base}/{page}", 307)
    return HTMLResponse(_NOT_FOUND.format(base=escape(base), version=_style_version()), 404)


def _index(request: Request) -> Response:
    page = urls.route_path(request.scope).strip("/")
    base = urls.public_base(request, singletons.settings().public_url)
    job = _published(request.query_params.get("job", "")) if not page else None
    title, description, query, picture = TITLES.get(page, TITLES[""]), DESCRIPTION, "", f"{base}/assets/card.jpg"
    if job is not None:
        title = f"{title_of(job, singletons.service().styles())} · Pastiche"
        description = "A photo and the painting that Pastiche made of it."
        query, picture = f"?job={job.id}", f"{base}/pictures/{job.id}/card"
    facts = {"title": title, "description": description, "address": f"{base}/{page}{query}", "picture": picture}
    head = _HEAD.format(**{name: escape(value) for name, value in facts.items()}, script=_BASE_SCRIPT)
    start, middle, end = _parts()
    return HTMLResponse(start + head + middle + _BODY.format(version=_style_version()) + end, headers={"Cache-Control": "no-cache"})


def _published(job_id: str) -> Job | None:
    try:
        job = singletons.service().get(job_id, viewer="") if job_id else None
    except PasticheError:
        return None
    return job if job is not None and job.output_key else None


def _preloads() -> str:
    static = _STREAMLIT / "static"
    scripts = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{file.name}">' for one in _EARLY for file in static.glob(one)
    )
    fonts = (f'<link rel="preload" as="font" crossorigin href="./static/media/{file.name}">' for file in static.glob(_EARLY_FONT))
    return scripts + "".join(fonts)


@cache
def _parts() -> tuple[str, str, str]:
    """Streamlit's page, split where the head and the body begin."""
    html = _REPLACED.sub("", (_STREAMLIT / "index.html").read_text(encoding="utf-8"))
    start, head, rest = html.partition("<head>")
    middle, body, end = rest.partition("<body>")
    return start + head, _preloads() + middle + body, end


@cache
def script_sources() -> list[str]:
    """What pages run as scripts, as sources of a Content-Security-Policy: the server's files, and the inline scripts by their hash.

    The code of components comes in messages and is imported from blobs; the numbers of Streamlit's messages are computed by WebAssembly.
    """
    inline = [_BASE_SCRIPT, *_INLINE_SCRIPT.findall((_STREAMLIT / "index.html").read_text(encoding="utf-8"))]
    hashes = (b64encode(sha256(script.encode()).digest()).decode() for script in inline)
    return ["'self'", "blob:", "'wasm-unsafe-eval'", *(f"'sha256-{each}'" for each in hashes)]


@cache
def _style_version() -> str:
    return sha256((ASSETS / "style.css").read_bytes()).hexdigest()[:12]
