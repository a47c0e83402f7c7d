"""Where errors end: the one place that turns an exception into a sentence and an exit code, for people or as JSON for programs."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from nst.errors import PasticheError

_FLAG = "--json"

AsJson = Annotated[bool, typer.Option(_FLAG, help="Speak JSON on standard output, for programs; errors too.")]


class Edge(TyperGroup):
    """The commands, with their errors caught."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **how: Any) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        # Read off the words, since an error in them may come before the parser has reached the flag.
        as_json = _FLAG in takewhile(lambda word: word != "--", words)
        try:
            # Standing alone, Typer shows errors of usage itself, for people.
            code = super().main(words, *rest, **how | {"standalone_mode": not as_json})
        except (PasticheError, TyperException) as error:
            complain(error, as_json=as_json)
            code = error.exit_code
        sys.exit(code)


def say(text: str, facts: object, *, as_json: bool, aside: bool = False) -> None:
    """Tells a person the text, or a program the facts, as JSON on one line; `aside` on standard error, where the other is in use."""
    typer.echo(_json(facts) if as_json else text, err=aside)


def complain(error: PasticheError | TyperException, *, as_json: bool, photo: str | None = None) -> None:
    """Tells of an error, and of the photo that it befell if it is about one."""
    sentence = error.format_message() if isinstance(error, TyperException) else str(error)
    facts = {"error": sentence, "code": error.exit_code}
    if as_json:
        typer.echo(_json(facts if photo is None else {"photo": photo, **facts}))
    else:
        typer.echo(sentence if photo is None else f"{photo}: {sentence}", err=True)


def _json(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False)


@contextmanager
def naming(thing: str) -> Iterator[None]:
    """Puts the name of a file before the sentences of errors about it, which do not know it."""
    try:
        yield
    except PasticheError as error:
        raise type(error)(f"{thing}: {error}") from error
