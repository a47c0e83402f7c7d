"""Schedules previews: the newest request of every visitor, visitors in turn, a bounded number at a time.

First sketches have priority; while no visitor waits for one, sketches grow, in turns. It imports no torch: `nst.model_process` paints.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from nst.domain import Mode, StyleParams, StyleShare
from nst.errors import PreviewFailed, PreviewsBusy, PreviewsOff
from nst.model_process.messages import RegionRequest, Strokes
from nst.preview.growth import Growth
from nst.preview.sketch_process import DIED, RegionSearch, SketchProcess, SketchRequest
from nst.settings import Settings

PATIENCE = 10.0
"""How many times NST_PREVIEW_SECONDS a level of a growing sketch may take."""
_BUSY = "Many visitors are looking at previews just now. Try again in a moment, or paint without one."
SLOTS = 32
"""Previews that one visitor may wait for; the oldest is cancelled for another."""


@dataclass(frozen=True)
class _Pending:
    request: SketchRequest | RegionSearch
    future: "Future[bytes]"
    network: str | None


class Previews:
    """Shared by all visitors of an app. Threads and child processes start with the first request, or with `warm_up`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pending: OrderedDict[str, OrderedDict[str, _Pending]] = OrderedDict()  # by visitor, then by slot
        self._growths: OrderedDict[str, Growth] = OrderedDict()  # by visitor, the next one first
        self._growing: dict[SketchProcess, Growth] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._processes: list[SketchProcess] = []
        self._threads: list[threading.Thread] = []
        self._prepared = 0  # processes whose model is loaded, or could not be

    @property
    def enabled(self) -> bool:
        return self._settings.previews

    def warm_up(self) -> None:
        """Loads the model in the background, so that the first visitor does not wait for it."""
        if not self.enabled:
            return
        with self._changed:
            if self._threads or self._closed:
                return
            self._processes = [SketchProcess(self._settings) for _ in range(self._settings.previews_at_a_time)]
            self._threads = [threading.Thread(target=self._serve, args=(process,), daemon=True) for process in self._processes]
        for thread in self._threads:
            thread.start()

    def wait_until_warm(self, seconds: float) -> None:
        """Waits until what `warm_up` began has succeeded or failed, or until `close`, but no longer than that time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._prepared == len(self._threads), seconds)

    def request(
        self,
        owner: str,
        photo: bytes,
        styles: Sequence[StyleShare[bytes]],
        params: StyleParams,
        *,
        slot: str = "",
        side: int | None = None,
        regions: Sequence[RegionRequest] = (),
        network: str | None = None,
    ) -> "Future[bytes]":
        """Requests a preview: an encoded picture, with a long side of `side` pixels (by default, and at most, NST_PREVIEW_SIDE).

        An earlier request of the same owner in the same slot is cancelled unless it is being painted already, and so is its future. The
        future fails with a `PasticheError` whose sentence the visitor may read.

        Args:
            photo: encoded, within the limits of `nst.images`.
            styles: encoded pictures.
            params: size and mode are set here; of the others, those that instant painting uses have an effect.
            slot: the place on the page, where a visitor sees several previews.
            regions: parts with other styles, or kept as the photo.
            network: that the visitor comes from, if it counts. When too many wait, those of another network make room for it if there are
                more of them.

        Raises:
            PreviewsOff: when settings turn previews off.
            PreviewsBusy: when too many visitors wait already.
        """
        return self._wait_for(owner, slot, self._sketch_request(photo, styles, params, side, regions), network)

    def find(self, owner: str, photo: bytes, region: str | Strokes, network: str | None = None) -> "Future[bytes]":
        """Searches for a region: one with a name (`nst.domain.is_automatic`), or what strokes mean. Its mask is a PNG, black without any.

        Raises:
            PreviewsOff, PreviewsBusy: as `request`.
        """
        return self._wait_for(owner, f"find {region if isinstance(region, str) else ''}", RegionSearch(photo, region), network)

    def _wait_for(self, owner: str, slot: str, request: SketchRequest | RegionSearch, network: str | None) -> "Future[bytes]":
        if not self.enabled:
            raise PreviewsOff("Previews are turned off here. You can paint without one.")
        pending = _Pending(request, Future(), network)
        self.warm_up()
        with self._changed:
            if self._closed:
                raise PreviewsOff("The server is about to stop; there are no previews any more.")
            if owner not in self._pending and len(self._pending) >= self._settings.previews_waiting:
                self._make_room(network)
            self._enqueue(owner, slot, pending)
            self._interrupt_growth()
            self._changed.notify()
        return pending.future

    def grow(
        self,
        owner: str,
        photo: bytes,
        styles: Sequence[StyleShare[bytes]],
        params: StyleParams,
        regions: Sequence[RegionRequest] = (),
    ) -> Growth | None:
        """Improves a sketch, as `request` gave it, in better and better pictures until it is a painting, while a page looks at it.

        It replaces what grew for this owner before. None where NST_PREVIEWS_GROW is off or too many sketches grow already.
        """
        with self._changed:
            self._end_growth(owner)
            is_busy = sum(growth.is_wanted for growth in self._growths.values()) >= self._settings.previews_waiting
            if self._closed or not (self.enabled and self._settings.previews_grow) or is_busy:
                return None
            growth = self._growths[owner] = Growth(self._sketch_request(photo, styles, params, None, regions))
            self._changed.notify()
        return growth

    def stop_growing(self, owner: str) -> None:
        """Ends what grows for this owner, before something else is requested."""
        with self._changed:
            self._end_growth(owner)

    def _end_growth(self, owner: str) -> None:
        if (growth := self._growths.pop(owner, None)) is not None:
            growth.end()
            self._interrupt_growth(growth)

    def _interrupt_growth(self, ended: Growth | None = None) -> None:
        """Stops the process that paints for `ended`; without it, all that let sketches grow, if no process is free for a first sketch."""
        for process, growth in self._growing.items():
            if growth is ended or (ended is None and len(self._growing) == len(self._processes)):
                process.stop()

    def _sketch_request(
        self,
        photo: bytes,
        styles: Sequence[StyleShare[bytes]],
        params: StyleParams,
        side: int | None,
        regions: Sequence[RegionRequest],
    ) -> SketchRequest:
        size = min(side or self._settings.preview_side, self._settings.preview_side)
        return SketchRequest(photo, tuple(styles), replace(params, mode=Mode.INSTANT, size=size), tuple(regions))

    def _make_room(self, network: str | None) -> None:
        """Refuses what the last visitor waits for who came from the network with most of those who wait.

        Raises:
            PreviewsBusy: when there would then be no more visitors of another network than of this one.
        """
        networks = {owner: next(iter(slots.values())).network for owner, slots in self._pending.items()}
        numbers = Counter(networks.values())
        most, number = numbers.most_common(1)[0]
        if number <= numbers[network] + 1:
            raise PreviewsBusy(_BUSY)
        last = next(owner for owner in reversed(self._pending) if networks[owner] == most)
        for refused in self._pending.pop(last).values():
            if refused.future.set_running_or_notify_cancel():
                refused.future.set_exception(PreviewsBusy(_BUSY))

    def _enqueue(self, owner: str, slot: str, pending: _Pending) -> None:
        slots = self._pending.setdefault(owner, OrderedDict())
        replaced = [slots.pop(slot)] if slot in slots else []
        slots[slot] = pending
        while len(slots) > SLOTS:
            replaced.append(slots.popitem(last=False)[1])
        for old in replaced:
            old.future.cancel()

    def _next(self, process: SketchProcess) -> _Pending | Growth | None:
        """The oldest request of the next visitor; without requests, a sketch that grows; None after `close`."""
        with self._changed:
            while not self._closed:
                if self._pending:
                    owner, slots = self._pending.popitem(last=False)
                    _, pending = slots.popitem(last=False)
                    if slots:
                        self._pending[owner] = slots  # this visitor is the last one now
                    return pending
                if (growth := self._next_growth()) is not None:
                    self._growing[process] = growth
                    return growth
                self._changed.wait()
            return None

    def _next_growth(self) -> Growth | None:
        """The next visitor's, who then becomes the last one. Sketches that are finished, or that no page looks at, are dropped."""
        for owner, growth in list(self._growths.items()):
            if not growth.is_wanted:
                growth.end()
                del self._growths[owner]
            elif growth not in self._growing.values():
                self._growths.move_to_end(owner)
                return growth
        return None

    def _serve(self, process: SketchProcess) -> None:
        """The thread of one process."""
        process.prepare()
        with self._changed:
            self._prepared += 1
            self._changed.notify_all()
        while (work := self._next(process)) is not None:
            if isinstance(work, Growth):
                self._let_grow(process, work)
            elif work.future.set_running_or_notify_cancel():
                try:
                    work.future.set_result(_answer(process, work.request))
                except PreviewFailed as error:
                    work.future.set_exception(error)

    def _let_grow(self, process: SketchProcess, growth: Growth) -> None:
        """Paints one level of a sketch. When it is interrupted, that level is painted again when its turn comes."""

        def show(picture: bytes) -> None:
            growth.show(picture)
            if self._pending or not growth.is_wanted:  # checked here, too: a stop before the request was sent has no effect
                process.stop()

        try:
            picture = process.paint(growth.request, show, PATIENCE)
        except PreviewFailed:
            growth.end()
        else:
            if picture is not None:
                growth.show(picture)
                growth.advance()
        finally:
            with self._changed:
                del self._growing[process]
                self._changed.notify_all()

    def close(self) -> None:
        """Ends the processes, and cancels all requests that wait."""
        with self._changed:
            self._closed = True
            waiting = [pending for slots in self._pending.values() for pending in slots.values()]
            self._pending.clear()
            for owner in list(self._growths):
                self._end_growth(owner)
            self._changed.notify_all()
        for pending in waiting:
            pending.future.cancel()
        for process in self._processes:
            process.close()
        for thread in self._threads:
            thread.join()


def _answer(process: SketchProcess, request: SketchRequest | RegionSearch) -> bytes:
    """A first sketch or a mask. Neither is ever stopped."""
    picture = process.find(request) if isinstance(request, RegionSearch) else process.paint(request)
    if picture is None:
        raise PreviewFailed(DIED)
    return picture
