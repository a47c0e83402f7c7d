"""Rate limits, quotas of addresses and the packet filter, without a server."""

import pytest

from nst.client_network import client_network
from nst.errors import InvalidRequest, TooManyJobs, TooManyUploads
from nst.gateway.guard.memory_budget import FREE_BYTES
from nst.gateway.guard.packet_filter import OVERSIZED, TOO_MANY_PARTS, filter_packet, filter_payload
from nst.gateway.guard.rate_limits import TokenBucket
from nst.service import AddressQuota
from tests.support.gateway import Clock


def test_a_token_bucket_allows_three_seconds_worth_at_once_and_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(10, clock=clock)
    assert sum(bucket.take() for _ in range(100)) == 30
    assert [bucket.reserve() for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    clock.now = 1.0
    assert sum(bucket.take() for _ in range(100)) == 7
    assert not bucket.is_full
    clock.now = 4.0
    assert bucket.is_full


def test_what_a_token_bucket_is_owed_has_a_limit() -> None:
    clock = Clock()
    bucket = TokenBucket(10, clock=clock)
    assert max(bucket.reserve() for _ in range(1000)) == pytest.approx(3)


def test_an_address_has_a_quota_of_uploads_a_minute_and_of_unfinished_jobs() -> None:
    clock, under_way = Clock(), {"one", "two"}
    addresses = AddressQuota("programs", per_minute=3, active=2, clock=clock)

    def submit(job_id: str, address: str = "here") -> None:
        with addresses.counted(address, job_id, under_way.__contains__):
            pass

    submit("one")
    submit("two")
    with pytest.raises(TooManyJobs):
        submit("three")
    submit("three", "elsewhere")
    under_way.clear()
    submit("three")
    with pytest.raises(TooManyUploads):
        submit("four")
    clock.now = 61.0
    submit("four")


def test_a_failed_submission_is_not_counted() -> None:
    addresses = AddressQuota("programs", per_minute=1, active=9, clock=Clock())
    with pytest.raises(InvalidRequest), addresses.counted("here", "one", lambda _: False):
        raise InvalidRequest
    with addresses.counted("here", "two", lambda _: False):
        pass


def test_a_submission_that_is_not_stored_yet_counts_as_unfinished() -> None:
    """The store knows nothing of it yet."""
    addresses = AddressQuota("programs", per_minute=9, active=1, clock=Clock())
    one, two = (addresses.counted("here", job_id, lambda _: False) for job_id in ("one", "two"))
    with one, pytest.raises(TooManyJobs), two:
        pass
    with addresses.counted("here", "three", lambda _: False):
        pass


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, known_as: str) -> None:
    assert client_network(address) == known_as


@pytest.mark.parametrize(
    ("packet", "left"),
    [
        ('420["A",1]', '420["A",1]'),
        ('4217["TRANSFER_STYLE","' + "x" * 300, f'4217["{OVERSIZED}"]'),
        ('42["TRANSFER_STYLE","' + "x" * 300, f'42["{OVERSIZED}"]'),
        ('42/room,8["TRANSFER_STYLE","' + "x" * 300, f'428["{OVERSIZED}"]'),
        ('451-3["TRANSFER_STYLE"]', '451-3["TRANSFER_STYLE"]'),
        ('4599-3["TRANSFER_STYLE"]', f'423["{OVERSIZED}"]'),
        ("4" + "x" * 300, f'42["{OVERSIZED}"]'),
    ],
)
def test_an_oversized_packet_becomes_an_event_with_the_same_acknowledgement_number(packet: str, left: str) -> None:
    assert filter_packet(packet, 100) == left


def test_only_the_oversized_packets_of_a_request_are_replaced() -> None:
    body = b'421["A"]\x1e422["B","' + b"x" * 300 + b"\x1e3"
    assert filter_payload(body, 100) == f'421["A"]\x1e422["{OVERSIZED}"]\x1e3'.encode()


def test_a_large_binary_packet_is_refused_unless_its_attachment_is_in_the_same_request() -> None:
    packet = b'451-9["TRANSFER_STYLE","' + b"x" * FREE_BYTES + b'"]'
    assert filter_payload(packet + b"\x1eb" + b"AAAA", 10 * FREE_BYTES) == packet + b"\x1ebAAAA"
    assert filter_payload(packet + b"\x1e3", 10 * FREE_BYTES) == f'429["{OVERSIZED}"]\x1e3'.encode()


def test_a_packet_with_too_many_parts_is_replaced_before_it_is_parsed() -> None:
    assert filter_packet('427["LIST_IMAGES",' + "[]," * 10_000 + "1]", 100_000) == f'427["{TOO_MANY_PARTS}"]'
