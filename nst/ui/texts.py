"""Texts that several pages share."""

from datetime import UTC, datetime

from nst.domain import PRESET_SIZES, PRINT_DPI, FeedEntry, Job, JobState, Preset, StyleRef, in_centimetres, in_inches, print_size
from nst.domain.prints import centimetres, inches
from nst.styles import StyleEntry

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
    """A rounded duration in everyday words."""
    if seconds < 1.5:
        return "a second"
    if seconds < 57.5:
        return f"{seconds:.0f} seconds" if seconds < 10 else f"{5 * round(seconds / 5)} seconds"
    if seconds < 5400:
        return "a minute" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def short_duration(seconds: float) -> str:
    """As `duration`, abbreviated and with a space that does not break: "5\u00a0s"."""
    number, _, unit = duration(seconds).rpartition(" ")
    short = {"second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hours": "h"}
    return f"{'1' if number == 'a' else number}\u00a0{short[unit]}"


def ago(seconds: float) -> str:
    if seconds < 5:
        return "just now"
    if seconds < 86_400:
        return f"{duration(seconds)} ago"
    days = round(seconds / 86_400)
    return "yesterday" if days == 1 else f"{days} days ago"


def kept(until: float | None) -> str:
    """How long a private painting is kept: "kept until 5 December". Empty if it is kept for good."""
    return f"kept until {day(until)}" if until is not None else ""


def day(at: float) -> str:
    """A day of this year or the next: "5 December"."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %B}"


def preset_size(preset: Preset) -> str:
    size = PRESET_SIZES[preset]
    return f"up to {size} pixels" if preset is Preset.ULTRA else f"{size} pixels"


def print_sizes(size: tuple[int, int]) -> str:
    """How large a painting of that many pixels prints, with spaces that do not break: "Prints 17 x 11 cm (6.8 x 4.5 in) at 300 dpi, …"."""
    return f"Prints {', '.join(f'{printed(size, dpi)} at {dpi} dpi' for dpi in (PRINT_DPI, PRINT_DPI // 2))}."


def printed(size: tuple[int, int], dpi: int) -> str:
    """Width and height in print, with spaces that do not break: "17 x 11 cm (6.8 x 4.5 in)"."""
    sides = print_size(size, dpi)
    words = f"{in_centimetres(sides)} ({in_inches(sides)})"
    return words.replace(" x ", "\u00a0x\u00a0").replace(" cm", "\u00a0cm").replace(" in)", "\u00a0in)")


def preset_print(preset: Preset) -> str:
    """The long side of a preset's painting in print: "17 cm (6.8 in) in print"."""
    long, _ = print_size((PRESET_SIZES[preset], 0))
    return f"{centimetres(long)} cm ({inches(long)} in) in print"


def plain(name: str) -> str:
    """A file's name as Markdown that shows it as it is."""
    return "".join(f"\\{each}" if each in r"\`*_{}[]()<>#+-.!|:$~" else each for each in name)


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def style_names(painting: Job | FeedEntry, entries: tuple[StyleEntry, ...]) -> str:
    """The titles of its styles: "Starlit Swirl + Own picture"; with parts in others, "Starlit Swirl, Tide Wash and Copperplate"."""
    titles = {entry.id: entry.title for entry in entries}

    def title(style: StyleRef) -> str:
        return "Own picture" if style.is_upload else titles.get(style.name, style.name)

    groups = dict.fromkeys(" + ".join(title(style) for style in group if style.share) for group in painting.style_groups)
    *names, last = groups or ["Unknown style"]  # of a record that was rebuilt from its pictures
    return f"{', '.join(names)} and {last}" if names else last
