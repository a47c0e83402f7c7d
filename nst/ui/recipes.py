"""The recipe of a painting: as a list, as a file, and as a command."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

import streamlit as st

from nst.domain import Job, RegionRef, StyleParams, StyleRef, digests_of
from nst.ui.downloads import File, show_download
from nst.ui.frame import Visit

_OWN_FILE = "style.jpg"  # stands for a picture of the visitor's own


def show_recipe(visit: Visit, job: Job) -> None:
    recipe = recipe_of(job)
    with st.expander("Recipe", icon=":material/receipt_long:"):
        st.caption("Everything needed to paint it again.")
        if command := command_of(job):
            st.caption("On your own computer, with Pastiche installed:")
            st.code(command, language=None, wrap_lines=True)
        st.json(recipe, expanded=2)
        show_download(visit, job, File.RECIPE, "Download recipe", "download_recipe", lambda: file_of(recipe))


def file_of(recipe: dict[str, Any]) -> bytes:
    return json.dumps(recipe, indent=2).encode()


def command_of(job: Job) -> str | None:
    """The command that paints it; None where a region has a mask, which the visitor does not have as a file, or several styles."""
    if any(not region.is_automatic or len(region.styles) > 1 or any(style.part for style in region.styles) for region in job.regions):
        return None
    words = ["python", "-m", "nst", "stylize", "photo.jpg"]
    for style in job.styles:
        words += ["--style", _OWN_FILE if style.is_upload else style.name]
    for style in job.styles if len(job.styles) > 1 else ():
        words += ["--share", f"{style.share:g}"]
    for region in job.regions:
        words += _of_region(region)
    for name, value in _changed(job).items():
        if name == "layer_weights":
            words += [word for layer, weight in value.items() for word in ("--layer", f"{layer}={weight:g}")]
        else:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _of_region(region: RegionRef) -> list[str]:
    if not region.styles:
        return ["--keep", region.mask_key]
    style = _OWN_FILE if region.styles[0].is_upload else region.styles[0].name
    strength = "" if region.strength is None else f":{region.strength:g}"
    return ["--region", f"{region.mask_key}={style}{strength}"]


def _shares(styles: Sequence[StyleRef]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for style in styles:
        name = "own picture" if style.is_upload else style.name
        shares[name] = shares.get(name, 0) + style.share
    return shares


def _region(region: RegionRef) -> dict[str, Any]:
    """What the recipe says of a region: the name of one that is found, and never a mask."""
    what = {"found": region.mask_key} if region.is_automatic else {}
    parts = {"style_parts": True} if any(style.part for style in region.styles) else {}
    strength = {} if region.strength is None else {"strength": region.strength}
    return {**what, "kept": True} if not region.styles else {**what, "styles": _shares(region.styles), **parts, **strength}


def recipe_of(job: Job) -> dict[str, Any]:
    asked: dict[str, Any] = {"styles": _shares(job.styles), "settings": _changed(job)}
    if digests := digests_of(style for styles in (job.styles, *(region.styles for region in job.regions)) for style in styles):
        asked["style_digests"] = digests
    if job.regions:
        asked["regions"] = [_region(region) for region in job.regions]
    return {**asked, "painted": dict(job.recipe or {}), "seconds": round((job.finished or 0) - (job.started or 0), 1)}


def _changed(job: Job) -> dict[str, Any]:
    """The settings that are not the defaults."""
    defaults = StyleParams().to_dict()
    return {name: value for name, value in job.params.to_dict().items() if value != defaults[name]}
