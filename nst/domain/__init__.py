"""The vocabulary of the whole project: parameters, jobs, states, object keys. Standard library only."""

from nst.domain.feed import Cursor, FeedEntry, FeedOrder, Page, SearchTerm
from nst.domain.jobs import FencingToken, Job, JobState, Outcome, cost_of, longest_seconds, new_id
from nst.domain.keys import JOB_ID, input_key_of, is_job_id, is_key, mask_key, media_type, object_key, output_key_of, style_key
from nst.domain.lanes import LANES, Lane, SharedLane, lane_of
from nst.domain.larger import (
    LARGER_SIZES,
    PASS_WORK,
    check_earlier_shape,
    check_is_larger,
    larger_params,
    larger_scales,
    larger_seconds,
    larger_sizes,
)
from nst.domain.params import PRESET_SIZES, Init, KeepColours, Loss, Mode, Optimiser, Precision, Preset, StyleParams, help_of, range_of
from nst.domain.preset_seconds import PresetSeconds, preset_seconds
from nst.domain.prints import PRINT_DPI, PrintRequest, in_centimetres, in_inches, print_size
from nst.domain.progress import JobProgress, Progress
from nst.domain.regions import AUTOMATIC, MAX_REGIONS, MAX_STYLE_MASKS, RegionRef, colour_of, is_automatic
from nst.domain.style_ref import StyleRef, digests_of, styles_of
from nst.domain.style_share import StyleShare, normalised_shares
from nst.domain.titles import MAX_TITLE, normalised_title, title_words, words_of

__all__ = [
    "AUTOMATIC",
    "JOB_ID",
    "LANES",
    "LARGER_SIZES",
    "MAX_REGIONS",
    "MAX_STYLE_MASKS",
    "MAX_TITLE",
    "PASS_WORK",
    "PRESET_SIZES",
    "PRINT_DPI",
    "Cursor",
    "FeedEntry",
    "FeedOrder",
    "FencingToken",
    "Init",
    "Job",
    "JobProgress",
    "JobState",
    "KeepColours",
    "Lane",
    "Loss",
    "Mode",
    "Optimiser",
    "Outcome",
    "Page",
    "Precision",
    "Preset",
    "PresetSeconds",
    "PrintRequest",
    "Progress",
    "RegionRef",
    "SearchTerm",
    "SharedLane",
    "StyleParams",
    "StyleRef",
    "StyleShare",
    "check_earlier_shape",
    "check_is_larger",
    "colour_of",
    "cost_of",
    "digests_of",
    "help_of",
    "in_centimetres",
    "in_inches",
    "input_key_of",
    "is_automatic",
    "is_job_id",
    "is_key",
    "lane_of",
    "larger_params",
    "larger_scales",
    "larger_seconds",
    "larger_sizes",
    "longest_seconds",
    "mask_key",
    "media_type",
    "new_id",
    "normalised_shares",
    "normalised_title",
    "object_key",
    "output_key_of",
    "preset_seconds",
    "print_size",
    "range_of",
    "style_key",
    "styles_of",
    "title_words",
    "words_of",
]
