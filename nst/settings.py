"""Settings, read from NST_* environment variables where a process starts, and passed on from there."""

from pathlib import Path
from typing import Any, Literal, Self

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from nst.domain import Lane, Precision, Preset
from nst.errors import InvalidParams
from nst.weights import default_weights_dir

MADE_FOR_ONE_MACHINE = (
    "redis_url",
    "batch_in_flight",
    "queue_length",
    "disk_bytes",
    "max_bytes",
    "max_pixels",
    "connections",
    "connections_per_address",
    "incoming_bytes",
    "previews_at_a_time",
    "previews_waiting",
)
"""Settings whose defaults are meant for one machine: a deployment in the cloud has to choose them."""


class ApiKey(BaseModel):
    """A program with an API key: NST_API_KEYS is a JSON list of these."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="shown in logs", pattern=r"^[\w.-]{1,64}$")
    key: SecretStr = Field(min_length=24, description="sent by the program; it gives access to all of the program's paintings")
    uploads_per_minute: int | None = Field(default=None, gt=0, description="instead of NST_UPLOADS_PER_MINUTE")
    jobs: int | None = Field(default=None, gt=0, description="instead of NST_JOBS_PER_VISITOR")


class Settings(BaseSettings):
    """Every field is an environment variable with the prefix NST_: `weights_dir` is NST_WEIGHTS_DIR."""

    model_config = SettingsConfigDict(env_prefix="NST_", frozen=True, extra="forbid")

    weights_dir: Path = Field(
        default_factory=default_weights_dir, description="where downloaded weights are kept, and what paintings take on this machine"
    )
    styles_dir: Path | None = Field(
        default=None, description="a folder of your own style pictures, offered in addition to the bundled ones"
    )
    device: str = Field(
        default="auto", description="where to compute: auto, cpu, cuda, cuda:1, mps", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$"
    )
    precision: Precision = Field(
        default=Precision.AUTO, description="number format of the networks: auto (bfloat16 where the CPU multiplies it), float32, bfloat16"
    )
    max_bytes: int = Field(default=40_000_000, gt=0, description="largest picture file that is read, in bytes")
    max_pixels: int = Field(
        default=65_000_000,
        gt=0,
        description="largest picture that is decoded, in pixels; a JPEG may have four times as many, and is then decoded at half its size",
    )
    min_side: int = Field(default=32, gt=0, description="shortest side of a photo or a style picture, in pixels")
    backend: Literal["local", "redis", "aws"] = Field(
        default="local",
        description="where jobs are stored: local is SQLite and files on this machine, redis is for a fleet, aws for the cloud",
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://localhost:6379/0"),
        description="the Redis or Valkey of a fleet: redis:// or rediss://, with user and password; redis+cluster:// for a cluster",
    )
    redis_prefix: str = Field(
        default="nst",
        description="prefix of all keys in Redis; deployments with different prefixes can share one",
        pattern=r"^[\w.-]{1,64}$",
    )
    objects_url: str | None = Field(
        default=None,
        description="where pictures are stored: file:///folder or s3://bucket/prefix; by default a folder in NST_DATA_DIR",
        pattern=r"^(file:///.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?)$",
    )
    batch_queue: str | None = Field(default=None, description="the AWS Batch job queue that paints, by name or ARN")
    batch_definition: str | None = Field(default=None, description="the AWS Batch job definition of the agent, by name or ARN")
    batch_in_flight: int = Field(
        default=20, gt=0, description="paintings that AWS Batch is given at a time; the others wait in the studio's own, fair queue"
    )
    batch_lanes: tuple[Lane, ...] = Field(
        default=(),
        description="a JSON list of what AWS Batch paints: presets, and `folder` for photos that are submitted together; by default all. "
        "The rest waits for `python -m worker --paint`",
    )
    batch_memory: dict[Preset, PositiveInt] = Field(
        default={}, description='MiB that AWS Batch gives to a painting, by preset: `{"draft": 8192}`; by default what the definition says'
    )
    machine_seconds: float = Field(
        default=3600.0, gt=0, description="seconds that a painting waits for a machine of AWS Batch before it fails"
    )
    done_queue_url: str | None = Field(default=None, description="the SQS queue that agents and AWS Batch report to")
    cloudwatch: str | None = Field(
        default=None,
        description="the name of the deployment, under which the relay writes figures for CloudWatch into its log; none by default",
        pattern=r"^[\w.-]{1,64}$",
    )
    cdn_url: str | None = Field(
        default=None,
        description="where browsers fetch public pictures: a CDN in front of the bucket",
        pattern=r"^https?://[\w.:-]+(/[\w./-]*)?$",
    )
    link_seconds: int = Field(
        default=300,
        ge=60,
        le=3600,
        description="lifetime of a link to a private picture, in seconds; shorter than that of the keys that sign it",
    )
    cdn_distribution: str | None = Field(
        default=None, description="the CloudFront distribution in which public pictures that are made private are invalidated"
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("pastiche"), description="the folder of the local backend: its database and pictures"
    )
    admin_token: SecretStr | None = Field(
        default=None, min_length=16, description="password for hiding pictures, of 16 characters or more; without it, nobody can"
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="what cookies and links are signed with, the same on all servers; by default one that the store keeps",
    )
    uploads_per_minute: int = Field(default=6, gt=0, description="photos that one visitor may submit in a minute")
    jobs_per_visitor: int = Field(default=3, gt=0, description="paintings of one visitor that may be queued or running")
    visitors_per_address: int = Field(
        default=10, gt=0, description="visitors whose limits together are those of one address, however many cookies it has"
    )
    queue_length: int = Field(default=100, gt=0, description="paintings of all visitors that may be queued")
    disk_bytes: int = Field(
        default=10_000_000_000, gt=0, description="space for all pictures, in bytes; beyond it private ones expire early"
    )
    keep_private_days: float = Field(default=7.0, gt=0, description="days after which a private painting expires")
    keep_longer_days: float = Field(
        default=28.0, ge=0, description="days from today to which visitors may keep a private painting longer; 0: they cannot"
    )
    reports_to_hide: int = Field(default=3, gt=0, description="number of visitors whose reports hide a picture from the gallery")
    max_attempts: int = Field(default=3, gt=0, description="times that a painting is tried when its worker dies")
    lease_seconds: float = Field(
        default=30.0, gt=0, description="seconds without a heartbeat after which a worker's painting is given to another"
    )
    job_seconds: float = Field(
        default=1800.0, gt=0, description="seconds that a painting may take, up to 2048 pixels; larger ones may take more"
    )
    checkpoint_seconds: float = Field(
        default=5.0,
        ge=0,
        description="seconds of work after which a painting's state at the end of a scale is kept, to go on from if its worker dies",
    )
    drain_seconds: float = Field(
        default=0.0, ge=0, description="seconds that a worker has to finish its painting when it is terminated, before it gives it back"
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="port on which a worker serves /metrics (Prometheus) and /readyz; none by default"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="log lines for people (text) or programs (json)")
    hang_seconds: float = Field(
        default=300.0, gt=0, description="seconds without progress after which a painting counts as stuck; loading the model is included"
    )
    engine: str = Field(
        default="nst.model_process.child:painter", description="the engine, as module:factory", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
    )
    own_worker: bool = Field(
        default=True,
        description="whether the app and the gateway start a worker of their own; with `redis` only if this is set to true",
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="a JSON list of the host names that are served: `pastiche.example`, `*.example`; by default any"
    )
    embedded: bool = Field(default=False, description="whether the app is shown in a frame of another site; needs HTTPS")
    frame_sites: tuple[str, ...] = Field(
        default=("https://huggingface.co",), description="a JSON list of the sites that may show the app in a frame, if it is embedded"
    )
    previews: bool = Field(default=True, description="whether the app shows previews while a visitor chooses")
    preview_side: int = Field(default=512, ge=64, le=2048, description="long side of a preview, in pixels")
    previews_grow: bool = Field(default=True, description="whether a preview is refined into a painting while its visitor looks")
    previews_at_a_time: int = Field(default=1, gt=0, le=16, description="previews that are painted at a time, each by a process of its own")
    previews_waiting: int = Field(default=8, gt=0, description="visitors that may wait for a preview; others read that it is busy")
    preview_seconds: float = Field(default=30.0, gt=0, description="seconds that a preview may take once its model is loaded")
    preview_engine: str = Field(
        default="nst.preview.engine:painter",
        description="the engine of previews, as module:factory",
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
    )
    public_url: str | None = Field(
        default=None,
        description="prefix of URLs that the gateway gives out; by default the host that the program has called",
        pattern=r"^https?://[^\s?#]+$",
    )
    origins: tuple[str, ...] = Field(
        default=(), description="a JSON list of web origins whose pages may call the gateway, in addition to its own; `*` is any"
    )
    api_keys: tuple[ApiKey, ...] = Field(
        default=(), description='programs with quotas of their own: `[{"name": …, "key": …, "uploads_per_minute": …, "jobs": …}]`'
    )
    anonymous: bool = Field(default=True, description="whether programs without a key may submit paintings")
    connections: int = Field(default=2000, gt=0, description="connections of programs to one gateway, and as many open pages")
    connections_per_address: int = Field(default=100, gt=0, description="connections of programs from one address, and as many open pages")
    incoming_bytes: int = Field(
        default=500_000_000,
        gt=0,
        description="memory for messages that are not handled yet, in bytes; a message takes three times its size. "
        "Files of open pages may take as much again, and so may the pictures in their forms; answers that are not read, half as much",
    )
    events_per_second: float = Field(default=20.0, gt=0, description="events that a connection may send, on average")
    idle_seconds: float | None = Field(
        default=None, gt=0, description="seconds after which a connection that sends nothing and waits for nothing is closed; none: never"
    )
    webhooks_inside: bool = Field(
        default=False, description="whether webhooks may call private addresses, and without TLS: for a gateway in a closed network"
    )

    @property
    def brings_worker(self) -> bool:
        """Whether the app, or a gateway that runs alone, starts a worker of its own; with `aws` a relay, of which any number may run.

        The workers of a Redis fleet are started separately, on machines of their own, unless the setting asks for one here.
        """
        return self.own_worker and (self.backend != "redis" or "own_worker" in self.model_fields_set)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.backend == "aws":
            needed = ("objects_url", "batch_queue", "batch_definition", "done_queue_url")
            if missing := [f"NST_{name.upper()}" for name in needed if not getattr(self, name)]:
                raise ValueError(f"NST_BACKEND=aws needs {', '.join(missing)}")
            if not (self.objects_url or "").startswith("s3://"):
                raise ValueError("NST_BACKEND=aws needs an NST_OBJECTS_URL that begins with s3://")
            if unset := [f"NST_{name.upper()}" for name in MADE_FOR_ONE_MACHINE if name not in self.model_fields_set]:
                raise ValueError(f"NST_BACKEND=aws needs {', '.join(unset)}: the defaults are meant for one machine")
        return self


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process, from its environment; `overrides` come first.

    Raises:
        InvalidParams: when a value is not allowed, or settings are missing; its sentence names them.
    """
    try:
        return Settings(**overrides)
    except SettingsError as error:
        raise InvalidParams(f"A setting is not valid JSON: {error}.") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        if not fault["loc"]:  # not of one field, but of all together
            raise InvalidParams(f"{fault['msg'].removeprefix('Value error, ')}.") from error
        name = str(fault["loc"][0])
        field = Settings.model_fields.get(name)
        meaning = f" ({field.description})" if field else ""
        shown = "has a value that is not allowed" if _is_secret(name) else f"cannot be {fault['input']!r}"
        raise InvalidParams(f"The setting {name} or NST_{name.upper()}{meaning} {shown}.") from error


def _is_secret(name: str) -> bool:
    return name == "api_keys" or "SecretStr" in str(getattr(Settings.model_fields.get(name), "annotation", ""))
