"""An authority that certifies host names, for receivers over TLS."""

import datetime
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the tests")])


@dataclass
class Authority:
    """Keeps what it makes in a directory."""

    directory: Path
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts this authority alone."""
        made = self._builder(NAME, self.key, days=1)
        is_authority = x509.BasicConstraints(ca=True, path_length=0)
        signed = made.add_extension(is_authority, critical=True).sign(self.key, hashes.SHA256())
        pem = signed.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def serving(self, host: str, days: int = 1) -> ssl.SSLContext:
        """A server's context for a host; good for so many days, or over since so many."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = self._builder(x509.Name([]), key, days).add_extension(names, critical=True)
        signed = made.sign(self.key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._written(signed, key))
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return x509.CertificateBuilder(
            issuer_name=NAME,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - 10 * DAY,
            not_valid_after=now + days * DAY,
        )

    def _written(self, signed: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Path:
        place = self.directory / "receiver.pem"
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        place.write_bytes(private + signed.public_bytes(pem))
        return place
