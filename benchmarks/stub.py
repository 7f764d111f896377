"""A DynamoDB and an SQS that answer at once, over TLS: what is measured is the caller's own work.

Run as ``python -m benchmarks.stub DIRECTORY``: writes a certificate there and prints the port; the
file ``calls`` there gets a line a call, the name of its operation.
"""

import asyncio
import datetime
import ipaddress
import json
import ssl
import sys
import zlib
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .data import ANSWERS


def main() -> None:
    """Serve until the process is killed."""
    directory = Path(sys.argv[1])
    _write_certificate(directory)
    asyncio.run(_serve(directory))


async def _serve(directory: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    calls = (directory / "calls").open("w", buffering=1)
    talk = partial(_talk, calls)
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _talk(calls: TextIO, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.readline():
        del head
        target, length = await _headers(reader)
        request = json.loads(await reader.readexactly(length) or b"{}")
        operation = target.rpartition(".")[2]
        calls.write(operation + "\n")
        writer.write(_response(_answer(operation, request)))
        await writer.drain()
    writer.close()


async def _headers(reader: asyncio.StreamReader) -> tuple[str, int]:
    target, length = "", 0
    while (line := (await reader.readline()).strip()) != b"":
        name, _, value = line.decode().partition(":")
        if name.lower() == "x-amz-target":
            target = value.strip()
        elif name.lower() == "content-length":
            length = int(value)
    return target, length


def _answer(operation: str, request: dict[str, Any]) -> bytes:
    """The answer of an operation, by the item that it names."""
    key = request.get("Key", {})
    name = f"{operation} {key['sk']['S'].partition('_')[0]}" if key else operation
    return ANSWERS[name]


def _response(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _write_certificate(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (directory / "certificate.pem").write_bytes(pem)
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


if __name__ == "__main__":
    main()
