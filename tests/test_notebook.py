"""The tour runs from top to bottom, in a kernel of the interpreter that runs the tests, and is kept without outputs."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

TOUR = Path(__file__).parents[1] / "notebooks" / "tour.ipynb"
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(900)]
SMALL = {"SIZE": 64, "ITERATIONS": 3}


def own_kernel() -> AsyncKernelManager:
    """Starts this interpreter's kernel. Of no folder to search, jupyter_client falls back on it, so that none is met which somebody
    registered under the same name for another environment, and none need be registered at all."""
    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))


def read_tour() -> NotebookNode:
    return nbformat.read(TOUR, as_version=4)


def code_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def with_parameters(notebook: NotebookNode, values: dict[str, int]) -> NotebookNode:
    """The notebook with other numbers in the cell that is tagged "parameters"."""
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    for name, value in values.items():
        cell.source, replaced = re.subn(rf"^{name} = .*$", f"{name} = {value}", cell.source, flags=re.MULTILINE)
        assert replaced == 1, f"the tour has no parameter {name}"
    return notebook


def outputs_of(cell: NotebookNode, kind: str) -> list[Any]:
    """The cell's outputs of a MIME type."""
    return [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]


def printed_by(cell: NotebookNode, stream: str = "stdout") -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == stream)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NotebookNode]:
    """The code cells after a run with small numbers, by id; a cell that raises ends it with its traceback."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        environment.setenv("IPYTHONDIR", str(home / "ipython"))  # whose startup files must not run here
        notebook = with_parameters(read_tour(), SMALL)
        client = NotebookClient(notebook, km=own_kernel(), timeout=300, resources={"metadata": {"path": str(TOUR.parent)}})
        client.execute(cleanup_kc=True)  # a manager of one's own is otherwise left running, with its sockets open
    return code_cells(notebook)


def test_every_cell_of_the_tour_runs(executed: dict[str, NotebookNode]) -> None:
    assert all(cell.execution_count for cell in executed.values())
    assert [output for cell in executed.values() for output in cell.outputs if output.output_type == "error"] == []


def test_no_cell_of_the_tour_warns(executed: dict[str, NotebookNode]) -> None:
    # Not simply "nothing on stderr": matplotlib says there that it builds its font cache, once a machine.
    assert [cell.id for cell in executed.values() if "Warning" in printed_by(cell, "stderr")] == []


def test_every_figure_of_the_tour_is_drawn(executed: dict[str, NotebookNode]) -> None:
    figures = {name: outputs_of(cell, "image/png") for name, cell in executed.items() if "figure" in cell.metadata.get("tags", ())}
    assert set(figures) >= {"features", "gram", "distances", "losses", "previews", "strength", "scale", "blend", "colours"}
    assert {name: len(pictures) for name, pictures in figures.items()} == dict.fromkeys(figures, 1)


def test_the_tour_counts_its_steps(executed: dict[str, NotebookNode]) -> None:
    assert re.match(r"9 steps in \d+\.\d seconds", printed_by(executed["run"]))


def test_the_tour_prints_the_recipe(executed: dict[str, NotebookNode]) -> None:
    recipe = json.loads(printed_by(executed["recipe"]))
    assert recipe["encoder"]["name"] == "compact"
    assert [scale["steps"] for scale in recipe["scales"]] == [3, 3, 3]
    assert max(recipe["size"]) == 64


def test_the_tour_is_kept_without_outputs() -> None:
    cells = code_cells(read_tour()).values()
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


def test_the_tours_metadata_names_no_machine() -> None:
    notebook = read_tour()
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"tags"}
    text = TOUR.read_text("utf-8")
    assert not re.search(r"/(home|Users|root|tmp)/|[A-Z]:\\\\", text)
    assert str(TOUR.parents[1]) not in text
