"""The entry. Streamlit runs this file for every visit; a server (`streamlit run`, uvicorn) imports it once and finds `app`."""

from streamlit.starlette import App

from nst.ui import frame, server

if __name__ == "__main__":
    frame.show()
else:
    from nst import gateway  # not for a visit: it takes a moment
    from nst.settings import Settings
    from nst.ui.studio import service_of

    app = App(
        __file__,
        lifespan=server.lifespan,
        routes=[*server.routes(), *gateway.routes(service_of(Settings()), Settings())],
        middleware=server.middleware(),
        on_script_error=frame.apologise,
    )
