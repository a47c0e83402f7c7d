"""The entry point. Streamlit runs this file for every visit; a server (`streamlit run`, uvicorn) imports it once and serves `app`."""

from streamlit.starlette import App

from nst.ui import frame, server

if __name__ == "__main__":
    frame.run_page()
else:
    from collections.abc import AsyncIterator
    from contextlib import asynccontextmanager

    from nst.errors import PasticheError, StoreUnavailable
    from nst.gateway import Gateway  # for the server alone: importing it takes time that a visit should not
    from nst.ui import sessions, singletons, urls

    try:
        server.configure_logs()
        gateway = Gateway(singletons.service(), singletons.settings())
    except PasticheError as error:  # of a setting or the folder of styles; the operator reads this sentence, visitors do not
        raise SystemExit(f"The studio cannot start. {error.reason if isinstance(error, StoreUnavailable) else error}") from None
    base = urls.configured_base_path()
    # The gateway is served below the base path, and also at the root, unless the studio's own pages are there.
    gateways = [*gateway.routes(base), *(gateway.routes() if base and not base.startswith(("/api", "/socket.io")) else [])]

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        async with server.lifespan(app), gateway.running():
            yield

    app = App(
        __file__,
        lifespan=lifespan,
        routes=[*server.routes(), *gateways],
        middleware=[*gateway.middleware(sessions.computing_scripts, sessions.UploadedFiles()), *server.middleware()],
        on_script_error=frame.show_apology,
    )
