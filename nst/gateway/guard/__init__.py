"""Limits on what programs send: memory, rates and connections.

Threat: a client sends many large messages and never completes them, or completes them faster than they are handled.
Photos come as base64 in one message, and servers keep a message until it is complete, so that a few hundred
connections could fill any memory.

Bound: `memory_budget` counts every byte of messages that are incomplete or not handled, for all clients together
(NST_INCOMING_BYTES) and for each address. Senders beyond it are not read until there is room, and refused after ten
seconds. `body_limit` applies it to HTTP, `packet_filter` to socket.io, `websocket_backpressure` to every WebSocket of
the process. `slow_readers` counts what is not read of responses. `rate_limits` counts events and submissions.

On an upgrade: `websocket_backpressure` reads private fields of uvicorn's websockets-sansio protocol (`frames`, `queue`,
`read_paused`, `conn.reader.buffer`) and of the parser in `websockets`. When they have moved, memory is no longer
bounded until the module counts the new ones; tests/gateway/test_memory_budget.py and test_memory.py then fail.
"""
