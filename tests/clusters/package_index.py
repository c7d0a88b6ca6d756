"""Index of Python packages on loopback, which also answers for https://download.pytorch.org as a proxy.

It serves only names and metadata, which are sufficient for a resolver, and no files.
"""

import datetime
import functools
import http.server
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TORCH_HOST = "download.pytorch.org"
Packages = dict[str, dict[str, list[str]]]
"""Requirements of each version of a package, by name and version."""


class Index:
    """Serves until it is closed."""

    def __init__(self, folder: Path, places: dict[str, Packages]) -> None:
        """folder: for the certificate. places: packages of each folder of the index, such as whl/cpu."""
        self.certificate = folder / "certificate.pem"
        _write_certificate(self.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        handler = functools.partial(_Handler, context, places)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops it."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection; CONNECT turns it into one to the host that it names."""

    protocol_version = "HTTP/1.1"

    def __init__(self, context: ssl.SSLContext, places: dict[str, Packages], *rest) -> None:
        self._context, self._places = context, places
        super().__init__(*rest)

    def finish(self) -> None:
        """Closes the connection inside the proxy's connection, which the server does not know."""
        super().finish()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""

    def do_CONNECT(self) -> None:
        if self.path != f"{TORCH_HOST}:443":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self._context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        place, _, name = self.path.strip("/").rpartition("/")
        packages = self._places.get(place, {})
        if place == "files":
            self._answer(self._metadata(name))
        elif name in packages:
            self._answer(self._page(name, packages[name]))
        else:
            self._answer(None)

    def _page(self, name: str, versions: dict[str, list[str]]) -> str:
        links = [f"{name.replace('-', '_')}-{version}-py3-none-any.whl" for version in versions]
        return "".join(
            f'<a href="/files/{link.replace("+", "%2B")}" data-dist-info-metadata="true">{link}</a>'
            for link in links
        )

    def _metadata(self, file: str) -> str | None:
        name, version, *_ = file.replace("%2B", "+").split("-")
        name = name.replace("_", "-")
        for packages in self._places.values():
            if version in packages.get(name, {}):
                needs = "".join(f"Requires-Dist: {need}\n" for need in packages[name][version])
                return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        return None

    def _answer(self, text: str | None) -> None:
        body = (text or "").encode()
        self.send_response(200 if text is not None else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, TORCH_HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(TORCH_HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
