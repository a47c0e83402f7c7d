"""Those who want a server's memory: they send much, and never come to the end of it. Nothing but sockets."""

import socket
import struct

import httpx

HELLO, GOODBYE = b"40", b"41"


def web_socket(port: int, path: str = "/socket.io/?EIO=4&transport=websocket", source: str = "127.0.0.1") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    line.settimeout(60)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n".encode())
    assert b" 101 " in line.recv(2000)
    return line


def frame_head(size: int, opcode: int = 1, is_last: bool = True) -> bytes:
    """Of a masked frame; the mask is zero."""
    first = bytes([0x80 * is_last | opcode])
    if size < 126:
        return first + bytes([0x80 | size]) + bytes(4)
    if size < 65_536:
        return first + bytes([0x80 | 126]) + struct.pack("!H", size) + bytes(4)
    return first + bytes([0x80 | 127]) + struct.pack("!Q", size) + bytes(4)


def frame(payload: bytes, opcode: int = 1, is_last: bool = True) -> bytes:
    return frame_head(len(payload), opcode, is_last) + payload


def push(line: socket.socket, data: bytes) -> None:
    """As much of it as is taken within a moment."""
    line.settimeout(0.3)
    try:
        line.sendall(data)
    except OSError:  # it is not read, or closed
        pass
    finally:
        line.settimeout(60)


def unfinished_body(port: int, size: int) -> socket.socket:
    return _posted(port, "/api/jobs", size)


def unfinished_poll(port: int, size: int) -> socket.socket:
    opened = httpx.get(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling").text
    return _posted(port, f"/socket.io/?EIO=4&transport=polling&sid={opened.partition('sid')[2][3:].partition(chr(34))[0]}", size)


def unfinished_frame(port: int, size: int) -> socket.socket:
    line = web_socket(port)
    push(line, frame_head(size + 1) + b"x" * size)
    return line


def unending_pieces(port: int, size: int) -> socket.socket:
    line = web_socket(port)
    push(line, frame(b"x", is_last=False) + frame(b"x" * 10_000, 0, is_last=False) * (size // 10_000))
    return line


def unending_crumbs(port: int, size: int) -> socket.socket:
    """Of two bytes each, which take fifty."""
    line = web_socket(port)
    push(line, frame(b"x", is_last=False) + frame(b"xx", 0, is_last=False) * (size // 50))
    return line


def announcement(port: int, size: int) -> socket.socket:
    """Of bytes that never come; socket.io keeps it for them."""
    line = web_socket(port)
    push(line, frame(HELLO) + frame(b'451-["TRANSFER_STYLE",{"image":{"_placeholder":true,"num":0},"style":"' + b"x" * size + b'"}]'))
    return line


def dealt_with(port: int, size: int) -> socket.socket:
    """A message that is complete and refused. Its sender stays, and is silent."""
    line = web_socket(port)
    push(line, frame(HELLO) + frame(b'42["TRANSFER_STYLE",{"style":"x","image":"' + b"x" * size + b'"}]'))
    return line


def _posted(port: int, path: str, size: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {size + 1}\r\nContent-Type: application/json\r\n\r\n".encode())
    push(line, b"x" * size)
    return line
