"""What programs, scripts and deployments depend on, as plain values. Sentences for people are left out.

When something was added on purpose, write the file that `test_public_interface.py` compares with:

    python -m tests.compatibility.public_interface
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr
from starlette.testclient import TestClient

from nst import bootstrap, errors
from nst.cli import app
from nst.gateway.app import Gateway, standalone
from nst.gateway.error_codes import http_status
from nst.settings import Settings

FILE = Path(__file__).with_name("public_interface.json")
SENTENCES = {"description", "summary", "title", "example", "examples"}


def public_interface(folder: Path) -> dict[str, Any]:
    """Settings, commands, errors, the REST contract and the SQLite schema. `folder` is an empty one."""
    values = Settings(data_dir=folder)
    return {
        "settings": dict(settings()),
        "commands": dict(commands(typer.main.get_command(app), "nst")),
        "errors": sorted(error_codes()),
        "rest": rest(values),
        "tables": tables(folder),
    }


def settings() -> Iterator[tuple[str, Any]]:
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        constraints = [repr(constraint) for constraint in field.metadata]
        yield f"NST_{name.upper()}", {"default": None if field.default_factory else default, "constraints": constraints}


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command with its arguments and options."""
    yield (
        name,
        {
            "/".join([*parameter.opts, *parameter.secondary_opts]): [
                str(parameter.type_descriptor.annotation),
                repr(parameter.default),
                parameter.nargs,
                parameter.required,
            ]
            for parameter in command.params
        },
    )
    for child, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {child}")


def error_codes() -> Iterator[list[Any]]:
    """The word for programs, the exit code and the status of an HTTP answer of every error."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.PasticheError):
            yield [kind.code, kind.exit_code, http_status(kind(""))]


def rest(values: Settings) -> Any:
    """The OpenAPI document."""
    gateway = Gateway(bootstrap.build(values), values)
    document = TestClient(standalone(gateway)).get("/api/openapi.json").json()
    document["info"].pop("version")
    return without_sentences(document)


def without_sentences(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_sentences(item) for key, item in value.items() if key not in SENTENCES or isinstance(item, dict)}
    return [without_sentences(item) for item in value] if isinstance(value, list) else value


def tables(folder: Path) -> list[str]:
    """The statements that make an empty database."""
    import sqlite3

    connection = sqlite3.connect(next(folder.glob("*.sqlite3")))
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return [" ".join(statement.split()) for (statement,) in found]


def as_text(values: Any) -> str:
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        FILE.write_text(as_text(public_interface(Path(made))), encoding="utf-8")
