"""The entry. Streamlit runs this file for every visit; a server (`streamlit run`, uvicorn) imports it once and finds `app`."""

from streamlit.starlette import App

from nst.ui import frame, server

if __name__ == "__main__":
    frame.show()
else:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from nst.gateway import Gateway  # not for a visit: it takes a moment
    from nst.settings import Settings
    from nst.ui.studio import service_of

    gateway = Gateway(service_of(Settings()), Settings())

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        async with server.lifespan(app), gateway.running():
            yield

    app = App(
        __file__,
        lifespan=lifespan,
        routes=[*server.routes(), *gateway.routes()],
        middleware=[*gateway.middleware(), *server.middleware()],
        on_script_error=frame.apologise,
    )
