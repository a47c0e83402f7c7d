"""The studio for programs: socket.io events, a REST API and webhooks. docs/gateway.md describes the contract.

It uses the same service as the pages. `python -m nst.gateway` runs it alone; `routes` adds it to another application.
"""

from nst.gateway.app import Gateway, routes

__all__ = ["Gateway", "routes"]
