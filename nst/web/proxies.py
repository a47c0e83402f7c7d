"""Proxies from the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower or upper case."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import getproxies, proxy_bypass

_SCHEME_ALIASES = {"socks": "socks5h"}  # desktop environments write socks://


@dataclass(frozen=True)
class Proxy:
    """
    Attributes:
        address: as httpx expects it, with user and password.
        label: for sentences: without them, and with the name of the variable.
    """

    address: str
    label: str


def proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    """The proxy for requests to a server; None for a direct connection."""
    proxies = getproxies()
    kind = next((kind for kind in (scheme, "all") if proxies.get(kind, "").strip()), None)
    if kind is None or _bypasses_proxy(host, port, proxies):
        return None
    given = proxies[kind].strip()
    name, _, rest = given.rpartition("://")
    name = name.lower() or "http"
    variable = next((key for key, value in os.environ.items() if key.lower() == f"{kind}_proxy" and value), "the system's settings")
    return Proxy(f"{_SCHEME_ALIASES.get(name, name)}://{rest}", f"{name}://{rest.rpartition('@')[2]} ({variable})")


def _bypasses_proxy(host: str, port: int, proxies: Mapping[str, str]) -> bool:
    entries = re.split(r"[,\s]+", proxies.get("no", "").lower())
    return any(_matches(entry, host.lower().strip("[]"), port) for entry in entries if entry) or bool(proxy_bypass(host))


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY applies to this server. It is `*`, an address, a network, or a domain, optionally with a port."""
    entry = entry.rpartition("://")[2]
    if entry == "*" or (network := _network(entry)) is not None:
        return entry == "*" or _is_in(host, network)
    name, _, wanted = entry.rpartition(":") if re.search(r":\d+$", entry) else (entry, "", "")
    if wanted and int(wanted) != port:
        return False
    name = name.strip("[]").removeprefix("*").strip(".")
    return host == name or host.endswith(f".{name}")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network | None) -> bool:
    try:
        return network is not None and ipaddress.ip_address(host.partition("%")[0]) in network
    except ValueError:
        return False
