"""AWS: pictures in S3, batch jobs on AWS Batch, messages about them over SQS; records, queue, feed and events are in Redis.

The queue is the studio's own, as fair as elsewhere: AWS Batch, which is first come, first served, is given few jobs at a time. A job that
has been submitted to it is `running`, on a lease that the agent's messages extend; its stage says whether it has a machine yet.
"""
