"""One frozen Settings, read from NST_* variables where a process starts and passed on from there."""

from pathlib import Path

from platformdirs import user_cache_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every field is the environment variable of its name behind NST_: `weights_dir` is NST_WEIGHTS_DIR."""

    model_config = SettingsConfigDict(env_prefix="NST_", frozen=True, extra="forbid")

    weights_dir: Path = Field(
        default_factory=lambda: user_cache_path("pastiche") / "weights", description="where downloaded weights are kept"
    )
    styles_dir: Path | None = Field(default=None, description="a folder of your own style pictures, offered beside the bundled ones")
    device: str = Field(
        default="auto", description="where to compute: auto, cpu, cuda, cuda:1, mps", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$"
    )
    max_bytes: int = Field(default=20_000_000, gt=0, description="largest picture file that is read")
    max_pixels: int = Field(default=50_000_000, gt=0, description="largest picture that is decoded, in pixels")
    min_side: int = Field(default=32, gt=0, description="shortest side of a photo or a style picture, in pixels")
