"""What strangers ask for below the studio's address, and as a page's parameters."""

PATHS = [
    "/pictures/x",
    "/pictures//x/after",
    "/pictures/%FF/after",
    "/pictures/" + "0" * 32 + "/after",
    "/pictures/" + "0" * 32 + "/../../styles/after",
    "/pictures/" + "a" * 50_000 + "/after",
    "/pictures/%2e%2e%2f%2e%2e%2fetc%2fpasswd/after",
    "/samples//cat",
    "/samples/%00",
    "/samples/..%5c..%5cnst",
    "/styles/",
    "/styles/%2e%2e",
    "/styles/%2fetc%2fpasswd",
    "/styles/tide-wash%00.jpg",
    "/styles/tide-wash/after",
    "/sketches/a/b",
    "/sketches/%E2%80%AE",
    "/sketches/" + "a" * 50_000,
    "/archives/",
    "/archives/paintings.zip",
    "/archives/paintings.zip?job=",
    "/archives/paintings.zip?job=%00",
    "/archives/paintings.zip?job=../../etc/passwd",
    "/archives/paintings.zip?job=" + "&job=".join(f"{number:032x}" for number in range(1000)),
    "/archives/other.zip",
]
"""Of nothing that there is."""
VALUES = [
    "",
    "\0",
    "x" * 20_000,
    "../../etc/passwd",
    "<script>alert(1)</script>",
    '"><meta http-equiv=refresh content=0>',
    "\u202e",
    "{{7*7}}",
    "%0d%0aA: b",
]
"""Of `job`, `style`, `search` and `order`."""
