"""Faulty proxy of a server: connections are cut, and answers are late or errors."""

import contextlib
import socket
import struct
import threading
import time

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards TCP connections to a port of this machine; its attributes may be changed at any time."""

    def __init__(self, port: int) -> None:
        self.cut_after: int | None = None
        """Number of bytes of an answer after which a connection is reset."""
        self.cuts = 0
        """Number of connections that will be cut."""
        self.errors = 0
        """Number of requests that will be answered with `error`."""
        self.error = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.is_down = False
        self.pause_s = 0.0
        """Pause before each piece of an answer."""
        self.connections = 0
        self.times_cut = 0
        self._upstream = port
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        for one in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.add(client)
            if self.is_down:
                _reset(client)
            else:
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if self.errors > 0:
                self.errors -= 1
                client.recv(1 << 16)
                client.sendall(self.error)
                return
            with socket.create_connection(("127.0.0.1", self._upstream)) as server:
                self._sockets.add(server)
                forward = threading.Thread(target=_pass_on, args=(client, server), daemon=True)
                forward.start()
                self._answer(server, client)
                with contextlib.suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
                    client.shutdown(socket.SHUT_RDWR)
                forward.join()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        while data := server.recv(4096):
            if self.is_down or (self.cuts > 0 and self.cut_after is not None and passed >= self.cut_after):
                self.cuts -= 1
                self.times_cut += 1
                _reset(client)
                return
            time.sleep(self.pause_s)
            client.sendall(data)
            passed += len(data)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        connection.shutdown(socket.SHUT_RD)
    connection.close()
