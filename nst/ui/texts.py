"""Words that several pages share."""

from nst.domain import PRESET_SIZES, JobState, Preset

STATES = {
    JobState.QUEUED: "Waiting",
    JobState.RUNNING: "Being painted",
    JobState.SUCCEEDED: "Finished",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
HEADINGS = {
    JobState.QUEUED: "Waiting for the easel",
    JobState.RUNNING: "Painting …",
    JobState.FAILED: "Painting failed",
    JobState.CANCELLED: "Painting cancelled",
}
PRESETS = {Preset.DRAFT: "Draft", Preset.STANDARD: "Standard", Preset.HIGH: "High", Preset.ULTRA: "Ultra"}


def duration(seconds: float) -> str:
    """About how long, as one would say it."""
    if seconds < 1.5:
        return "a second"
    if seconds < 57.5:
        return f"{seconds:.0f} seconds" if seconds < 10 else f"{5 * round(seconds / 5)} seconds"
    if seconds < 5400:
        return "a minute" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def ago(seconds: float) -> str:
    if seconds < 5:
        return "just now"
    if seconds < 86_400:
        return f"{duration(seconds)} ago"
    days = round(seconds / 86_400)
    return "yesterday" if days == 1 else f"{days} days ago"


def preset_size(preset: Preset) -> str:
    size = PRESET_SIZES[preset]
    return f"up to {size} pixels" if preset is Preset.ULTRA else f"{size} pixels"


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
