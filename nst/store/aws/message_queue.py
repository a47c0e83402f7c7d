"""The done queue on SQS. A message that is not deleted is delivered again, and goes to the dead-letter queue after five times."""

import logging
from collections.abc import Iterable
from typing import Any

from nst.store.aws.errors import AWS, translate_errors
from nst.store.ports.batch import MessageQueue, ReceivedMessage
from nst.store.wire import Advanced, Cancel, Failed, Interrupted, Message, Painted, encode_message

_AT_ONCE = 10  # messages that SQS gives and takes in one request

log = logging.getLogger(__name__)


class SqsMessageQueue(MessageQueue):
    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def send(self, message: Message) -> None:
        if not isinstance(message, Painted | Failed | Advanced | Interrupted | Cancel):
            raise TypeError(f"{type(message).__name__} is sent by AWS only")
        with translate_errors(AWS):
            self._client.send_message(QueueUrl=self._url, MessageBody=encode_message(message))

    def receive(self, seconds: float) -> list[ReceivedMessage]:
        with translate_errors(AWS):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_AT_ONCE,
                WaitTimeSeconds=int(seconds),
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        return [_received(found) for found in answer.get("Messages", [])]

    def delete(self, messages: Iterable[ReceivedMessage]) -> None:
        handles = [message.handle for message in messages]
        for start in range(0, len(handles), _AT_ONCE):
            entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles[start : start + _AT_ONCE])]
            with translate_errors(AWS):
                for failed in self._client.delete_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", []):
                    log.warning("a message could not be deleted and is delivered again: %s", failed.get("Code"))


def _received(found: dict[str, Any]) -> ReceivedMessage:
    return ReceivedMessage(found["Body"], found["ReceiptHandle"], int(found.get("Attributes", {}).get("ApproximateReceiveCount", 1)))
