"""The studio for programs: the events of the wire contract over socket.io, a REST twin, and webhooks. docs/gateway.md is the contract.

Everything goes through the service that the pages use. `python -m nst.gateway` runs it alone; `routes` puts it beside other routes.
"""

from nst.gateway.app import Gateway, routes

__all__ = ["Gateway", "routes"]
