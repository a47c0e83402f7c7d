"""What stands where an id, a style or a file is expected."""

NAMES = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\system32\\config",
    "holiday.jpg\0.html",
    "\0",
    "holiday\n.jpg",
    "%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "style/../../secret.jpg",
    "con",
    "$(id)",
    "'; DROP TABLE jobs; --",
    "<script>alert(1)</script>",
    "\ud800",
    "\u202egpj.exe",
    "a" * 1_000_000,
]
