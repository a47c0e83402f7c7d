"""One frozen Settings, read from NST_* variables where a process starts and passed on from there."""

from pathlib import Path
from typing import Literal, Self

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiKey(BaseModel):
    """A program that is known: NST_API_KEYS is a JSON list of these."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="shown in logs", pattern=r"^[\w.-]{1,64}$")
    key: SecretStr = Field(min_length=24, description="sent by the program; whoever has it owns the program's paintings")
    uploads_per_minute: int | None = Field(default=None, gt=0, description="instead of NST_UPLOADS_PER_MINUTE")
    jobs: int | None = Field(default=None, gt=0, description="instead of NST_JOBS_PER_VISITOR")


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
    backend: Literal["local", "redis", "aws"] = Field(
        default="local", description="where jobs live: local is SQLite and files on this machine, redis is for a fleet, aws for the cloud"
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://localhost:6379/0"),
        description="the Redis or Valkey of a fleet: redis:// or rediss://, with user and password; redis+cluster:// for a cluster",
    )
    redis_prefix: str = Field(
        default="nst", description="what all keys in Redis begin with; deployments of different ones share one", pattern=r"^[\w.-]{1,64}$"
    )
    objects_url: str | None = Field(
        default=None,
        description="where pictures lie: file:///folder or s3://bucket/prefix; by default a folder in NST_DATA_DIR",
        pattern=r"^(file:///.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?)$",
    )
    batch_queue: str | None = Field(default=None, description="the AWS Batch job queue that paints, by name or ARN")
    batch_definition: str | None = Field(default=None, description="the AWS Batch job definition of the agent, by name or ARN")
    batch_in_flight: int = Field(
        default=20, gt=0, description="paintings that AWS Batch is given at a time; the others wait in the studio's own, fair line"
    )
    done_queue_url: str | None = Field(default=None, description="the SQS queue that agents and AWS Batch report to")
    cdn_url: str | None = Field(
        default=None,
        description="what public pictures are fetched from: a CDN before the bucket",
        pattern=r"^https?://[\w.:-]+(/[\w./-]*)?$",
    )
    link_seconds: int = Field(
        default=300, ge=60, le=3600, description="how long a link to a private picture lasts; shorter than the keys that sign it"
    )
    cdn_distribution: str | None = Field(
        default=None, description="the CloudFront distribution that is told when a public picture was taken back"
    )
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
    drain_seconds: float = Field(
        default=0.0, ge=0, description="time that a worker told to leave has to finish its painting, before it gives it back"
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="where a worker answers /metrics (Prometheus) and /readyz; nowhere by default"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="log lines for people (text) or programs (json)")
    hang_seconds: float = Field(default=300.0, gt=0, description="silence after which a painter is taken for stuck; loading is included")
    engine: str = Field(
        default="worker.child:painter", description="what paints, as module:factory", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
    )
    own_worker: bool = Field(default=True, description="whether the app and the gateway start a worker of their own")
    embedded: bool = Field(default=False, description="whether the app is shown in a frame of another site; needs https")
    previews: bool = Field(default=True, description="whether the app shows previews while a visitor chooses")
    preview_side: int = Field(default=512, ge=64, le=2048, description="long side of a preview, in pixels")
    previews_at_a_time: int = Field(default=1, gt=0, le=16, description="previews that are painted at a time, each by a process of its own")
    previews_waiting: int = Field(default=8, gt=0, description="visitors that may wait for a preview; others are told that it is busy")
    preview_seconds: float = Field(default=30.0, gt=0, description="the longest that a preview may take once its model is loaded")
    preview_engine: str = Field(
        default="nst.preview.child:painter",
        description="what paints previews, as module:factory",
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )
    public_url: str | None = Field(
        default=None,
        description="what addresses that the gateway gives out begin with; by default what the program itself has called",
        pattern=r"^https?://[^\s?#]+$",
    )
    origins: tuple[str, ...] = Field(
        default=(), description="a JSON list of the web origins whose pages may call the gateway, besides its own; `*` is any"
    )
    api_keys: tuple[ApiKey, ...] = Field(
        default=(), description='programs with quotas of their own: `[{"name": …, "key": …, "uploads_per_minute": …, "jobs": …}]`'
    )
    anonymous: bool = Field(default=True, description="whether programs without a key may have pictures painted")
    connections: int = Field(default=2000, gt=0, description="connections of programs to one gateway")
    connections_per_address: int = Field(default=100, gt=0, description="connections of programs from one address")
    incoming_bytes: int = Field(
        default=500_000_000,
        gt=0,
        description="memory for what programs have sent and what is not dealt with yet; a message takes three times its size",
    )
    events_per_second: float = Field(default=20.0, gt=0, description="events that a connection may send, on average")
    idle_seconds: float | None = Field(
        default=None, gt=0, description="seconds after which a connection that sends nothing and waits for nothing is closed; none: never"
    )
    webhooks_inside: bool = Field(
        default=False, description="whether webhooks may call private addresses, and without TLS: for a gateway in a closed network"
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.backend == "aws":
            needed = ("objects_url", "batch_queue", "batch_definition", "done_queue_url")
            if missing := [f"NST_{name.upper()}" for name in needed if not getattr(self, name)]:
                raise ValueError(f"NST_BACKEND=aws needs {', '.join(missing)}")
            if not (self.objects_url or "").startswith("s3://"):
                raise ValueError("NST_BACKEND=aws needs an NST_OBJECTS_URL that begins with s3://")
        return self
