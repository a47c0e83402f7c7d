"""The done queue on SQS. What is received and not deleted comes again, and lands among the dead letters after five times."""

import logging
from collections.abc import Iterable
from typing import Any

from nst.store.aws.clients import in_our_words
from nst.store.machines import Letter
from nst.store.wire import Advanced, Cancel, Failed, Interrupted, Message, Painted, body_of

_AT_ONCE = 10  # what SQS gives and takes in one request

log = logging.getLogger(__name__)


class SqsMailbox:
    """A `Mailbox`."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, message: Message) -> None:
        if not isinstance(message, Painted | Failed | Advanced | Interrupted | Cancel):
            raise TypeError(f"{type(message).__name__} is AWS' to send")
        with in_our_words():
            self._client.send_message(QueueUrl=self._url, MessageBody=body_of(message))

    def receive(self, seconds: float) -> list[Letter]:
        with in_our_words():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_AT_ONCE,
                WaitTimeSeconds=int(seconds),
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        return [_letter(found) for found in answer.get("Messages", [])]

    def delete(self, letters: Iterable[Letter]) -> None:
        handles = [letter.handle for letter in letters]
        for start in range(0, len(handles), _AT_ONCE):
            entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles[start : start + _AT_ONCE])]
            with in_our_words():
                for failed in self._client.delete_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", []):
                    log.warning("a letter could not be deleted and comes again: %s", failed.get("Code"))


def _letter(found: dict[str, Any]) -> Letter:
    return Letter(found["Body"], found["ReceiptHandle"], int(found.get("Attributes", {}).get("ApproximateReceiveCount", 1)))
