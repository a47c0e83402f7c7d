"""What strangers give as the title of a painting, or search for."""

REFUSED = [
    "\0",
    "evening\nLocation: https://evil.example",
    "evening\r\nSet-Cookie: a=b",
    "tab\there",
    "\x1b[31mred in the log",
    "\x7f",
    "\u202egpj.exe",
    "\u2066isolated",
    "\u200bhidden",
    "\ufeffmark",
    "soft\u00adhyphen",
    "\U000e0041\U000e0042 tags",
    "\ud800",
    "\ue000 private",
    "\uffff",
    "line\u2028separator",
    "a" * 81,
    "a" * 1_000_000,
    "Z" + "\u0300" * 40,
    "e" + "\u0489" * 4,
]
ESCAPED = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{7*7}}${7*7}",
    "**bold** [link](https://evil.example) :red[red] $x^2$",
    "'; DROP TABLE jobs; --",
    "%s%s%n",
    "&lt;b&gt;",
    ":material/delete:",
]
"""Accepted as they are, and shown as text."""
NOTHING = ["", "   ", "\u3000\u2003", "\u3164", "\u2800\u2800", "\u115f \u1160", "\u200d"]
"""No title: there is nothing to see."""
