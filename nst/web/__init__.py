"""An HTTP client that uses the environment's proxies, identifies itself, and is bounded in time, bytes and redirects.

It knows nothing of pictures or weights: callers turn the sentence of a `FetchError` into an error of their own.
"""

from nst.web.fetching import fetch
from nst.web.responses import FetchedResponse, FetchError, ResponseTooLarge

__all__ = ["FetchError", "FetchedResponse", "ResponseTooLarge", "fetch"]
