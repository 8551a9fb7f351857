"""Messages arrive whole, are limited, and are never waited for without a look at the clock."""

import socket
import threading

import pytest

from kata.sandbox.wire import LENGTH, Channel, WireError


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_message_arrives_as_it_was_sent(ends):
    here, there = Channel(ends[0]), Channel(ends[1])
    message = bytes(range(256)) * 20_000  # more than fits into a socket at once
    sending = threading.Thread(target=here.send, args=[message])
    sending.start()
    assert there.receive(most=len(message)) == message
    sending.join()


def test_two_messages_stay_two(ends):
    here, there = Channel(ends[0]), Channel(ends[1])
    here.send(b"one")
    here.send(b"")
    assert [there.receive(9), there.receive(9)] == [b"one", b""]


def test_a_message_that_is_too_long_is_not_read(ends):
    ends[1].sendall(LENGTH.pack(2**60))
    with pytest.raises(WireError, match="at most"):
        Channel(ends[0]).receive(most=100)


@pytest.mark.parametrize("sent", [b"", b"123", LENGTH.pack(5) + b"1234"])
def test_the_end_within_a_message_is_an_error(ends, sent):
    ends[1].sendall(sent)
    ends[1].close()
    with pytest.raises(WireError, match="closed"):
        Channel(ends[0]).receive(most=100)


def test_nobody_to_read_is_an_error(ends):
    ends[1].close()
    with pytest.raises(WireError, match="gone"):
        Channel(ends[0]).send(b"1" * 2**22)


class TooLong(Exception):
    pass


def too_long():
    raise TooLong


@pytest.mark.parametrize(
    "wait",
    [lambda channel: channel.receive(most=9), lambda channel: channel.send(b"1" * 2**24)],
    ids=["for an answer", "for a reader"],
)
def test_who_is_waited_for_is_watched(ends, wait):
    with pytest.raises(TooLong):
        wait(Channel(ends[0], watch=too_long))


def test_a_message_in_drips_is_watched_too(ends):
    """One byte now and then keeps a socket busy: the look at the clock must come all the same."""
    looks = []
    channel = Channel(ends[0], watch=lambda: looks.append(1) or len(looks) < 3 or too_long())
    stop = threading.Event()

    def drip():
        ends[1].sendall(LENGTH.pack(10**6))
        while not stop.wait(0.002):
            ends[1].sendall(b"1")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(TooLong):
            channel.receive(most=10**6)
    finally:
        stop.set()
        dripping.join()
