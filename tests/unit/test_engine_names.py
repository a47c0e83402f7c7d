"""The engine by its name in the settings."""

from types import ModuleType

import pytest

from nst.model_process import child, engine
from nst.model_process.messages import Role
from nst.preview import engine as preview_engine
from nst.settings import Settings


@pytest.mark.parametrize("named", [{}, {"engine": "worker.child:painter", "preview_engine": "nst.preview.child:painter"}])
@pytest.mark.parametrize(("role", "module"), [(Role.PAINTING, child), (Role.PREVIEW, preview_engine)])
def test_the_default_engines_are_found_by_their_names_and_by_earlier_ones(
    role: Role, module: ModuleType, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Settings] = []
    monkeypatch.setattr(module, "painter", loaded.append)
    settings = Settings(**named)
    engine.load(role, settings)
    assert loaded == [settings]
