"""Who gets a preview when: the newest wish of every visitor, visitors in turn, a bounded number at a time.

It imports no torch: `child.py` paints, in a process of its own.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from nst.domain import Mode, StyleParams
from nst.errors import PreviewFailed, PreviewsBusy, PreviewsOff
from nst.preview.easel import Easel
from nst.preview.messages import Order
from nst.settings import Settings

SLOTS = 32
"""Previews that one visitor may wait for; the oldest makes room."""


@dataclass(frozen=True)
class _Wish:
    order: Order
    future: "Future[bytes]"


class Previews:
    """Shared by all visitors of an app. Threads and child processes begin with the first request, or with `warm_up`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wishes: OrderedDict[str, OrderedDict[str, _Wish]] = OrderedDict()  # by visitor, then by slot
        self._changed = threading.Condition()
        self._closed = False
        self._easels: list[Easel] = []
        self._threads: list[threading.Thread] = []
        self._prepared = 0  # children that are loaded, or could not be

    @property
    def enabled(self) -> bool:
        return self._settings.previews

    def warm_up(self) -> None:
        """Loads the model now, in the background, so that the first visitor does not wait for it."""
        if not self.enabled:
            return
        with self._changed:
            if self._threads or self._closed:
                return
            self._easels = [Easel(self._settings) for _ in range(self._settings.previews_at_a_time)]
            self._threads = [threading.Thread(target=self._serve, args=(easel,), daemon=True) for easel in self._easels]
        for thread in self._threads:
            thread.start()

    def wait_until_warm(self, seconds: float) -> None:
        """Until what `warm_up` began is done, or cannot be, or all is over; and no longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._prepared == len(self._threads), seconds)

    def request(
        self, owner: str, photo: bytes, styles: list[tuple[bytes, float]], params: StyleParams, *, slot: str = "", side: int | None = None
    ) -> "Future[bytes]":
        """Asks for a preview: an encoded picture, with a long side of `side` pixels (by default, and at most, NST_PREVIEW_SIDE).

        An earlier request of the same owner in the same slot that has not begun is cancelled: its future says so. The future fails with
        a `PasticheError` that is fit for the visitor.

        Args:
            photo: encoded, within the limits of `nst.images`.
            styles: encoded pictures with their shares.
            params: size and mode are ours; the rest is heeded as far as instant painting does.
            slot: the place on the page, where a visitor sees several previews.

        Raises:
            PreviewsOff: when settings say so.
            PreviewsBusy: when too many visitors wait already.
        """
        if not self.enabled:
            raise PreviewsOff("Previews are turned off here. The painting itself works as ever.")
        size = min(side or self._settings.preview_side, self._settings.preview_side)
        order = Order(photo, tuple(styles), replace(params, mode=Mode.INSTANT, size=size))
        self.warm_up()
        wish = _Wish(order, Future())
        with self._changed:
            if self._closed:
                raise PreviewsOff("The server is about to stop; there are no previews any more.")
            if owner not in self._wishes and len(self._wishes) >= self._settings.previews_waiting:
                raise PreviewsBusy("Many visitors are looking at previews just now. Try again in a moment, or paint without one.")
            self._place(owner, slot, wish)
            self._changed.notify()
        return wish.future

    def _place(self, owner: str, slot: str, wish: _Wish) -> None:
        slots = self._wishes.setdefault(owner, OrderedDict())
        replaced = [slots.pop(slot)] if slot in slots else []
        slots[slot] = wish
        while len(slots) > SLOTS:
            replaced.append(slots.popitem(last=False)[1])
        for old in replaced:
            old.future.cancel()

    def _next(self) -> _Wish | None:
        """The oldest wish of the visitor whose turn it is; None when all is over."""
        with self._changed:
            while not self._wishes and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            owner, slots = self._wishes.popitem(last=False)
            _, wish = slots.popitem(last=False)
            if slots:
                self._wishes[owner] = slots  # to the end of the row
            return wish

    def _serve(self, easel: Easel) -> None:
        """One child's thread."""
        easel.prepare()
        with self._changed:
            self._prepared += 1
            self._changed.notify_all()
        while (wish := self._next()) is not None:
            if not wish.future.set_running_or_notify_cancel():
                continue
            try:
                wish.future.set_result(easel.paint(wish.order))
            except PreviewFailed as error:
                wish.future.set_exception(error)

    def close(self) -> None:
        """Ends the children; whoever still waits is told."""
        with self._changed:
            self._closed = True
            waiting = [wish for slots in self._wishes.values() for wish in slots.values()]
            self._wishes.clear()
            self._changed.notify_all()
        for wish in waiting:
            wish.future.cancel()
        for easel in self._easels:
            easel.close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> "Previews":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
