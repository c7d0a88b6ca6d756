"""Server that answers a Ray head's first call and no other, like a head that stops during a join."""

import concurrent.futures
import contextlib
import threading
from collections.abc import Iterator

import grpc

HOST = "127.0.0.2"
"""Not 127.0.0.1, which Ray replaces by the machine's own address."""
CLUSTER_ID = b"\n\x00\x12\x1c" + bytes(range(28))


class HalfHead(grpc.GenericRpcHandler):
    """Answers GetClusterId until `is_silent` is set; sets `was_asked_more` when a process joins."""

    def __init__(self) -> None:
        self.address = ""
        self.is_silent = threading.Event()
        self.was_asked_more = threading.Event()
        self._is_over = threading.Event()

    def service(self, handler_call_details):
        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            if not handler_call_details.method.endswith("/GetClusterId"):
                self.was_asked_more.set()
            elif not self.is_silent.is_set():
                return CLUSTER_ID
            self._is_over.wait()
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)

    def close(self) -> None:
        self._is_over.set()


@contextlib.contextmanager
def serve(host: str = HOST) -> Iterator[HalfHead]:
    head = HalfHead()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), handlers=[head])
    head.address = f"{host}:{server.add_insecure_port(f'{host}:0')}"
    server.start()
    try:
        yield head
    finally:
        head.close()
        server.stop(0).wait()
