"""An answer of the DNS belongs to its question: by its sender, its id, and the question in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rrset
import pytest

from handler.discovery.dns import Dns
from handler.instances import ResolveError, ResolveFailure

NAME, RIGHT, WRONG = "api.shop.internal.", "10.0.0.1", "10.6.6.6"
# To a question, which came from this address and port.
Answers = Callable[[dns.message.Message, tuple[str, int]], list[bytes]]


def answer(question: dns.message.Message, address: str, *, number: int = 0, name: str = NAME) -> bytes:
    """The answer to a question, or to one with another id or for another name."""
    asked = question if name == NAME else dns.message.make_query(name, "A", id=question.id)
    made = dns.message.make_response(asked)
    made.answer.append(dns.rrset.from_text(name, 60, "IN", "A", address))
    made.id = (question.id + number) % 65_536
    return made.to_wire()


def truncated(question: dns.message.Message) -> bytes:
    made = dns.message.make_response(question)
    made.flags |= dns.flags.TC
    return made.to_wire()


@contextmanager
def resolver(over_udp: Answers, over_tcp: Answers | None = None) -> Iterator[Dns]:
    """A resolver that gives these answers to each question, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(tcp.getsockname())

        def datagrams() -> None:
            with suppress(OSError):
                while True:
                    data, client = udp.recvfrom(4096)
                    if not data:
                        return
                    for wire in over_udp(dns.message.from_wire(data), client):
                        udp.sendto(wire, client)

        def streams() -> None:
            with suppress(OSError):
                while over_tcp:
                    connection, client = tcp.accept()
                    with connection:
                        for wire in over_tcp(dns.message.from_wire(connection.recv(4096)[2:]), client):
                            connection.sendall(len(wire).to_bytes(2, "big") + wire)

        threads = [threading.Thread(target=target, daemon=True) for target in (datagrams, streams)]
        for thread in threads:
            thread.start()
        yield Dns(tcp.getsockname())
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", udp.getsockname())
        tcp.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


def test_what_answers_another_question_is_passed_over() -> None:
    def answers(question: dns.message.Message, _client: object) -> list[bytes]:
        return [
            answer(question, WRONG, number=1),
            answer(question, WRONG, name="other.shop.internal."),
            question.to_wire(),
            b"garbage",
            answer(question, RIGHT),
        ]

    with resolver(answers) as asked:
        assert asked.addresses(NAME, 1.0)[0] == (RIGHT,)


def test_what_another_sends_is_passed_over() -> None:
    """A forger knows everything of the question, but does not have the resolver's address."""
    with socket.socket(type=socket.SOCK_DGRAM) as forger:
        forger.bind(("127.0.0.1", 0))

        def answers(question: dns.message.Message, client: tuple[str, int]) -> list[bytes]:
            forger.sendto(answer(question, WRONG), client)
            return [answer(question, RIGHT)]

        with resolver(answers) as asked:
            assert asked.addresses(NAME, 1.0)[0] == (RIGHT,)


@pytest.mark.parametrize(("number", "name"), [(1, NAME), (0, "other.shop.internal.")])
def test_over_tcp_too_the_answer_to_another_question_is_none(number: int, name: str) -> None:
    def cut(question: dns.message.Message, _client: object) -> list[bytes]:
        return [truncated(question)]

    def wrong(question: dns.message.Message, _client: object) -> list[bytes]:
        return [answer(question, WRONG, number=number, name=name)]

    def right(question: dns.message.Message, _client: object) -> list[bytes]:
        return [answer(question, RIGHT)]

    with resolver(cut, wrong) as asked, pytest.raises(ResolveError) as raised:
        asked.addresses(NAME, 0.5)
    assert raised.value.failure in {ResolveFailure.FAILED, ResolveFailure.TIMEOUT}
    with resolver(cut, right) as asked:
        assert asked.addresses(NAME, 1.0)[0] == (RIGHT,)
