"""The cloud: pictures in S3, machines by AWS Batch, word of them by SQS, and records, line, feed and hints in Redis.

The line is the studio's own, as fair as everywhere: AWS Batch, which is first come, first served, is given few jobs at a time. A job that
it has is `running`, on a lease that its agent's letters extend; its stage says whether there is a machine yet.
"""

from nst.store.aws.batch import AwsBatch
from nst.store.aws.clients import Clients
from nst.store.aws.links import CloudLinks
from nst.store.aws.mail import SqsMailbox
from nst.store.aws.objects import CloudObjects
from nst.store.aws.queue import CloudQueue

__all__ = ["AwsBatch", "Clients", "CloudLinks", "CloudObjects", "CloudQueue", "SqsMailbox"]
