"""Webhooks: signed requests that report the end of a job."""
