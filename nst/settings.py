"""One frozen Settings, read from NST_* variables where a process starts and passed on from there."""

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr
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
    backend: Literal["local"] = Field(default="local", description="where jobs live: local is SQLite and files on this machine")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("pastiche"), description="the folder of the local backend: its database and pictures"
    )
    admin_token: SecretStr | None = Field(default=None, description="who knows it may hide pictures; nobody may while there is none")
    uploads_per_minute: int = Field(default=6, gt=0, description="photos that one visitor may submit in a minute")
    jobs_per_visitor: int = Field(default=3, gt=0, description="paintings of one visitor that may be waiting or under way")
    queue_length: int = Field(default=100, gt=0, description="paintings of everybody that may be waiting")
    disk_bytes: int = Field(default=10_000_000_000, gt=0, description="room for all pictures; beyond it the oldest private ones expire")
    keep_private_days: float = Field(default=7.0, gt=0, description="days after which a private painting expires")
    reports_to_hide: int = Field(default=3, gt=0, description="visitors who have to report a picture for it to leave the gallery")
    max_attempts: int = Field(default=3, gt=0, description="times that a painting is tried when workers die of it")
    lease_seconds: float = Field(default=30.0, gt=0, description="silence after which a worker's painting is given to another")
    job_seconds: float = Field(default=1800.0, gt=0, description="the longest that a painting may take")
    hang_seconds: float = Field(default=300.0, gt=0, description="silence after which a painter is taken for stuck; loading is included")
    engine: str = Field(
        default="worker.child:painter", description="what paints, as module:factory", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
    )
