"""The words that every part speaks: parameters, jobs, their states and where their pictures lie. Standard library only."""

from nst.domain.feed import Cursor, FeedEntry, Page
from nst.domain.jobs import FINAL_STATES, Job, JobProgress, JobState, Outcome, StyleRef, Ticket, cost_of, new_id
from nst.domain.keys import before_of, is_job_id, is_key, media_type, object_key, result_key, style_key
from nst.domain.params import (
    PRESET_SIZES,
    Init,
    KeepColours,
    Loss,
    Mode,
    Optimiser,
    Preset,
    Progress,
    StyleParams,
    help_of,
    range_of,
)

__all__ = [
    "FINAL_STATES",
    "PRESET_SIZES",
    "Cursor",
    "FeedEntry",
    "Init",
    "Job",
    "JobProgress",
    "JobState",
    "KeepColours",
    "Loss",
    "Mode",
    "Optimiser",
    "Outcome",
    "Page",
    "Preset",
    "Progress",
    "StyleParams",
    "StyleRef",
    "Ticket",
    "before_of",
    "cost_of",
    "help_of",
    "is_job_id",
    "is_key",
    "media_type",
    "new_id",
    "object_key",
    "range_of",
    "result_key",
    "style_key",
]
