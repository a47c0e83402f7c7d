"""What `nst.store.ports.Secrets` promises."""

from concurrent.futures import ThreadPoolExecutor

from nst.store.ports import Backend


def test_a_secret_is_written_once(backend: Backend) -> None:
    assert backend.secrets.keep("signing", "first") == "first"
    assert backend.secrets.keep("signing", "second") == "first"
    assert backend.secrets.keep("other", "second") == "second"


def test_servers_that_start_together_agree_on_a_secret(backend: Backend) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: backend.secrets.keep("signing", str(number)), range(32)))
    assert len(set(found)) == 1
