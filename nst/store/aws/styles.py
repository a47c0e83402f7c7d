"""Style pictures in the bucket, `style/<name>.jpg`, kept in a folder of this machine, from which the catalogue offers them."""

import logging
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from nst.domain.keys import is_key, job_id_of
from nst.errors import StoreUnavailable
from nst.store.aws.errors import PICTURES, translate_errors

CHECK_SECONDS = 600.0
_STOP_SECONDS = 5.0  # that a request of the thread is waited for

log = logging.getLogger(__name__)


class BucketStyles:
    """A temporary folder with the bucket's styles, without those that visitors of earlier versions have uploaded.

    Args:
        prefix: of all keys in the bucket, without a slash at its end; empty for none.
        is_offered: whether a style of that name is wanted: agents ask for it by its id in the catalogue, which has to be the same.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, is_offered: Callable[[str], bool]) -> None:
        self._client, self._bucket, self._is_offered = client, bucket, is_offered
        self._prefix = f"{prefix}/" if prefix else ""
        self._present: dict[str, str] = {}  # ETags by key
        self._stopped, self._thread = threading.Event(), threading.Thread(target=self._repeat, name="bucket-styles", daemon=True)
        self.folder = Path(tempfile.mkdtemp(prefix="styles-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def keep_current(self) -> None:
        """Copies the styles now, and what has changed every ten minutes, in a thread, until `stop`."""
        self._try()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, if it runs. The folder stays until the object is gone."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def update(self) -> None:
        """
        Raises:
            StoreUnavailable: when the bucket cannot be read. What is there stays.
        """
        with translate_errors(PICTURES):
            listing = self._client.get_paginator("list_objects_v2")
            pages = listing.paginate(Bucket=self._bucket, Prefix=f"{self._prefix}style/", Delimiter="/")
            listed = {found["Key"].removeprefix(self._prefix): found["ETag"] for page in pages for found in page.get("Contents", [])}
            styles = {key: tag for key, tag in listed.items() if self._is_style(key)}
            for key in [key for key, tag in styles.items() if self._present.get(key) != tag]:
                self._copy(key)
                self._present[key] = styles[key]
        for key in [key for key in self._present if key not in styles]:
            self._path(key).unlink(missing_ok=True)
            del self._present[key]

    def _is_style(self, key: str) -> bool:
        return is_key(key) and job_id_of(key) is None and self._is_offered(PurePosixPath(key).stem)

    def _copy(self, key: str) -> None:
        data = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
        unfinished = self._path(key).with_suffix(".partial")
        unfinished.write_bytes(data)
        unfinished.replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self.folder / PurePosixPath(key).name

    def _try(self) -> None:
        try:
            self.update()
        except (StoreUnavailable, OSError) as error:
            log.warning("the styles in the bucket cannot be read now: %s", error)

    def _repeat(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            self._try()
