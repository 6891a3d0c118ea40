"""Attacks below HTTP, and on what the server itself calls: slow sockets, and receivers that drip."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing, suppress

from bench.hostile import texts
from bench.hostile.wire import Connection, Target, wait_for_all

BODY = 3_900_000
"""Bytes of a body just below the server's limit."""


def partial_headers(target: Target) -> None:
    """300 connections that send a header a second and never end them."""
    open_: list[socket.socket] = []
    while not target.over:
        while len(open_) < 300:
            with suppress(OSError):
                one = socket.create_connection(("127.0.0.1", target.port), 2)
                one.sendall(b"POST /v3/memories/add/ HTTP/1.1\r\nHost: localhost\r\n")
                open_.append(one)
                target.count("opened")
        for one in list(open_):
            try:
                one.sendall(b"X-More: and more\r\n")
            except OSError:
                open_.remove(one)
                target.count("closed")
        time.sleep(1)
    for one in open_:
        one.close()


def bodies_without_a_key(target: Target) -> None:
    """60 connections that each send a body of 3.9 MB and no key, or a wrong one."""

    def work(number: int) -> None:
        rng = target.random(number)
        key = b"Authorization: Token wrong\r\n" if number % 2 else b""
        head = b"POST /v3/memories/add/ HTTP/1.1\r\nHost: localhost\r\n" + key
        while not target.over:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", target.port), 5)) as one:
                one.sendall(head + f"Content-Length: {BODY}\r\n\r\n".encode())
                for _ in range(rng.randrange(60)):
                    one.sendall(b"x" * 65_536)
                one.settimeout(1)
                target.count(one.recv(64).decode("latin-1")[9:12] or "closed")

    wait_for_all([threading.Thread(target=work, args=(number,)) for number in range(60)])


def slow_bodies(target: Target) -> None:
    """40 connections with a right key that say 3.9 MB and send a byte at a time."""

    def work(number: int) -> None:
        head = f"POST /v3/memories/add/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {target.key}\r\n"
        while not target.over:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", target.port), 5)) as one:
                one.sendall((head + f"Content-Length: {BODY}\r\n\r\n").encode())
                one.settimeout(0.25)
                target.count(_dripped(one, target))

    wait_for_all([threading.Thread(target=work, args=(number,)) for number in range(40)])


def wrong_keys(target: Target) -> None:
    """16 callers guess keys without a pause."""

    def work(number: int) -> None:
        rng = target.random(number)
        connection = Connection(target.port, None)
        while not target.over:
            guess = f"Token td_{rng.getrandbits(128):032x}"
            with suppress(OSError):
                asked = {"query": "who", "filters": {"user_id": "ann"}}
                status, _ = connection.post("/v3/memories/search/", asked, Authorization=guess)
                target.count(str(status))

    wait_for_all([threading.Thread(target=work, args=(number,)) for number in range(16)])


def open_paths(target: Target) -> None:
    """16 callers without a key ask for what needs none, without a pause."""

    def work(number: int) -> None:
        rng, connection = target.random(number), Connection(target.port, None)
        while not target.over:
            with suppress(OSError):
                path = rng.choice(("/readyz", "/openapi.json", "/docs", "/metrics", "/nothing"))
                target.count(str(connection.send("GET", path)[0]))

    wait_for_all([threading.Thread(target=work, args=(number,)) for number in range(16)])


def dripping_receivers(target: Target) -> None:
    """50 webhooks whose receivers take everything and answer a byte every two seconds, and 2,000 messages."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=200)
    threading.Thread(target=_drip, args=(listening, target), daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    connection, rng = target.connect(), target.random()
    _, who = target.send(connection, "GET", "/v1/ping/")
    made = []
    for number in range(50):
        hook = {"name": f"drip {number}", "url": f"{url}{number}", "event_types": ["memory_add"]}
        status, answer = target.send(connection, "POST", f"/api/v1/webhooks/projects/{who['project_id']}/", hook)
        made += [answer["webhook_id"]] if status == 201 else []
    for _ in range(100):
        if not target.over:
            body = {"messages": texts.messages(rng, 20), "user_id": "dripper"}
            target.send(connection, "POST", "/v3/memories/add/", body)
    while not target.over:
        time.sleep(0.2)
    for uid in made:
        target.send(connection, "DELETE", f"/api/v1/webhooks/{uid}/")
    listening.close()


def _drip(listening: socket.socket, target: Target) -> None:
    def answer(one: socket.socket) -> None:
        with suppress(OSError), closing(one):
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                one.sendall(bytes([byte]))
                time.sleep(2)

    with suppress(OSError):
        while True:
            threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()
            target.count("told")


def _dripped(one: socket.socket, target: Target) -> str:
    """Send a space every quarter of a second until there is an answer; its status."""
    while not target.over:
        one.sendall(b" ")
        with suppress(TimeoutError):
            return one.recv(64).decode("latin-1")[9:12] or "closed"
    return "unanswered"
