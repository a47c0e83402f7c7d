"""Clients that try to fill a server's memory: they send much and never complete it. Written with sockets alone."""

import socket
import struct

import httpx

CONNECT = b"40"  # the packet that opens a socket.io connection


def web_socket(port: int, path: str = "/socket.io/?EIO=4&transport=websocket", source: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    connection.settimeout(60)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n\r\n".encode())
    assert b" 101 " in connection.recv(2000)
    return connection


def frame_header(size: int, opcode: int = 1, is_last: bool = True) -> bytes:
    """The header of a masked WebSocket frame; the mask is zero."""
    first = bytes([0x80 * is_last | opcode])
    if size < 126:
        return first + bytes([0x80 | size]) + bytes(4)
    if size < 65_536:
        return first + bytes([0x80 | 126]) + struct.pack("!H", size) + bytes(4)
    return first + bytes([0x80 | 127]) + struct.pack("!Q", size) + bytes(4)


def frame(payload: bytes, opcode: int = 1, is_last: bool = True) -> bytes:
    return frame_header(len(payload), opcode, is_last) + payload


def push(connection: socket.socket, data: bytes) -> None:
    """Send as much as the server reads within 0.3 seconds."""
    connection.settimeout(0.3)
    try:
        connection.sendall(data)
    except OSError:  # the server does not read, or has closed the connection
        pass
    finally:
        connection.settimeout(60)


def unfinished_body(port: int, size: int) -> socket.socket:
    return _posted(port, "/api/jobs", size)


def unfinished_poll(port: int, size: int) -> socket.socket:
    opened = httpx.get(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling").text
    return _posted(port, f"/socket.io/?EIO=4&transport=polling&sid={opened.partition('sid')[2][3:].partition(chr(34))[0]}", size)


def unfinished_frame(port: int, size: int) -> socket.socket:
    connection = web_socket(port)
    push(connection, frame_header(size + 1) + b"x" * size)
    return connection


def unfinished_fragments(port: int, size: int) -> socket.socket:
    connection = web_socket(port)
    push(connection, frame(b"x", is_last=False) + frame(b"x" * 10_000, 0, is_last=False) * (size // 10_000))
    return connection


def unfinished_tiny_fragments(port: int, size: int) -> socket.socket:
    """Fragments of two bytes, which take fifty in memory."""
    connection = web_socket(port)
    push(connection, frame(b"x", is_last=False) + frame(b"xx", 0, is_last=False) * (size // 50))
    return connection


def missing_attachment(port: int, size: int) -> socket.socket:
    """A packet that announces an attachment, which never arrives; socket.io keeps the packet."""
    connection = web_socket(port)
    push(
        connection, frame(CONNECT) + frame(b'451-["TRANSFER_STYLE",{"image":{"_placeholder":true,"num":0},"style":"' + b"x" * size + b'"}]')
    )
    return connection


def refused_message(port: int, size: int) -> socket.socket:
    """A complete message that is refused. The connection stays open and idle."""
    connection = web_socket(port)
    push(connection, frame(CONNECT) + frame(b'42["TRANSFER_STYLE",{"style":"x","image":"' + b"x" * size + b'"}]'))
    return connection


def _posted(port: int, path: str, size: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(
        f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {size + 1}\r\nContent-Type: application/json\r\n\r\n".encode()
    )
    push(connection, b"x" * size)
    return connection
