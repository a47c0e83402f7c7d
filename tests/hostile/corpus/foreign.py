"""What is no picture of ours: junk, other formats, documents that browsers would run. All of it must be refused."""

import struct

from tests.hostile.corpus.formats import Make, file_of, good, later, noise, riff


def nothing() -> dict[str, Make]:
    files = {
        "empty": b"",
        "one byte": b"\xff",
        "zeros": b"\0" * 5000,
        "ones": b"\xff" * 5000,
        "line ends": b"\r\n" * 100,
        "jpeg's first bytes": b"\xff\xd8\xff",
        "png's first bytes": b"\x89PNG\r\n\x1a\n",
        "webp's first bytes": b"RIFF\xff\xff\xff\xffWEBP",
        "jpeg of zeros": b"\xff\xd8\xff" + b"\0" * 5000,
        "jpeg of ones": b"\xff\xd8" + b"\xff" * 5000,
        "jpeg of junk": b"\xff\xd8\xff\xfe\0\2" + b"a" * 5_000_000,
        "png of zeros": b"\x89PNG\r\n\x1a\n" + b"\0" * 5000,
        "webp of zeros": b"RIFF\x88\x13\0\0WEBPVP8 " + b"\0" * 5000,
        "a sound": riff((b"fmt ", b"\0" * 16)).replace(b"WEBP", b"WAVE"),
    }
    return {name: later(data) for name, data in files.items()}


def disguised() -> dict[str, Make]:
    """Other formats under the name of a JPEG. Nobody looks at the name."""
    written = ["TIFF", "BMP", "GIF", "ICO", "PPM", "TGA", "ICNS", "DDS", "PCX", "SGI", "EPS", "PDF", "JPEG2000", "DIB", "MSP"]
    files = {
        "psd": b"8BPS\0\1" + b"\0" * 6 + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + b"\0" * 5000,
        "gif that fills a wall": b"GIF89a\xff\xff\xff\xff\xf7\0\0"
        + b"\0" * 768
        + b",\0\0\0\0\xff\xff\xff\xff\0\x08\xff"
        + b"a" * 255
        + b"\0;",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 500,
        "eps that runs a program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(%pipe%id) (r) file\n",
        "video": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 500,
        "program": b"\x7fELF\2\1\1" + b"\0" * 500,
        "script": b"#!/bin/sh\nrm -rf /\n",
        "image magick's": b"push graphic-context\nviewbox 0 0 64 64\nfill 'url(https://example.com/\"|id\")'\n",
    }

    def saved(format: str) -> Make:
        mode = {"MSP": "1", "EPS": "RGB"}.get(format, "RGB")
        return lambda: file_of(noise(mode, 64), format)

    return {**{name: later(data) for name, data in files.items()}, **{format.lower(): saved(format) for format in written}}


def polyglots() -> dict[str, Make]:
    """Documents that browsers would run."""
    files = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="64" height="64"/>',
        "svg after a declaration": b'<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "svg that includes": b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        "svg that explodes": b"<!DOCTYPE s [<!ENTITY a 'aa'>"
        + b"".join(b"<!ENTITY a%d '&a;&a;&a;'>" % i for i in range(50))
        + b"]><svg>&a;</svg>",
        "html": b"<!doctype html><script>alert(1)</script>",
        "html with a jpeg in it": b"<!--" + good("JPEG") + b"--><script>alert(1)</script>",
        "html with a byte order mark": b"\xef\xbb\xbf<html><body onload=alert(1)>",
        "zip": b"PK\3\4" + b"\0" * 26 + b"SECRET",
        "zip with a png in it": b"PK\3\4" + b"\0" * 26 + good("PNG"),
        "pdf with a jpeg in it": b"%PDF-1.7\n1 0 obj<</Length 9>>stream\n" + good("JPEG") + b"endstream",
        "gif that is a script": b"GIF89a=1/*" + b"\0" * 200 + b"*/;alert(1)",
        "php": b"<?php system($_GET['c']); ?>",
    }
    return {name: later(data) for name, data in files.items()}
