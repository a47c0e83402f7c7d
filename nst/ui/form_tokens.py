"""Idempotency keys of forms: the same form with the same content, however often it is sent, is one painting."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256

from nst.service import Order


def token_of(form: str, order: Order, more: Sequence[bytes] = ()) -> str:
    """32 hexadecimal digits. A reload takes up the same form, and so do further tabs: what is changed there is another painting.

    Args:
        form: the form's id.
        more: further photos, which are sent with the first.
    """
    return sha256(repr((form, _described(order), _described(more))).encode()).hexdigest()[:32]


def _described(value: object) -> object:
    """A value in short: pictures are replaced by their hashes."""
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    if isinstance(value, list | tuple):
        return [_described(each) for each in value]
    if is_dataclass(value):
        return [_described(getattr(value, field.name)) for field in fields(value)]
    return value
