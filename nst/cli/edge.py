"""Where errors end: the one place that turns an exception into a sentence and an exit code, for people or as JSON for programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nst.errors import PasticheError

_AS_JSON = "nst.json"  # in the context's meta, which a command shares with the group that it belongs to


class Edge(TyperGroup):
    """The commands, with their errors caught."""

    def invoke(self, ctx: Any) -> Any:  # the context's own class is private to Typer
        try:
            return super().invoke(ctx)
        except PasticheError as error:
            complain(error, as_json=ctx.meta.get(_AS_JSON, False))
            raise typer.Exit(error.exit_code) from error


def _remember(ctx: typer.Context, as_json: bool) -> bool:
    ctx.meta[_AS_JSON] = as_json
    return as_json


AsJson = Annotated[bool, typer.Option("--json", callback=_remember, help="Speak JSON on standard output, for programs; errors too.")]


def say(text: str, facts: object, *, as_json: bool) -> None:
    """Tells a person the text, or a program the facts, as JSON on one line."""
    typer.echo(_json(facts) if as_json else text)


def complain(error: PasticheError, *, as_json: bool, photo: str | None = None) -> None:
    """Tells of an error, and of the photo that it befell if it is about one."""
    facts = {"error": str(error), "code": error.exit_code}
    if as_json:
        typer.echo(_json(facts if photo is None else {"photo": photo, **facts}))
    else:
        typer.echo(error if photo is None else f"{photo}: {error}", err=True)


def _json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False)


@contextmanager
def naming(thing: str) -> Iterator[None]:
    """Puts the name of a file before the sentences of errors about it, which do not know it."""
    try:
        yield
    except PasticheError as error:
        raise type(error)(f"{thing}: {error}") from error
