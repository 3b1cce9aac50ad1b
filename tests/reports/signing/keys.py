"""Keys and certificates of offices that do not exist, made anew at each run; they sign as an office's own would."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

WORD = b"chi-de-thu"
NOW = datetime(2024, 12, 5, 3, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


@cache
def rsa_key(name, bits=2048):
    """One key for each name, made once in a run: making one takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def subject(name, organisation="UBND huyện Thử"):
    pairs = ((NameOID.COUNTRY_NAME, "VN"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def certify(name, key, *, by=None, since=NOW - YEAR, until=NOW + YEAR, is_authority=False, serial=None):
    """A certificate of `key`: signed by itself, or `by` (certificate, key)."""
    issuer, signing = (by[0].subject, by[1]) if by else (subject(name), key)
    usage = x509.KeyUsage(
        digital_signature=not is_authority, content_commitment=not is_authority, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=is_authority, crl_sign=is_authority,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(signing, hashes.SHA256())


@cache
def root(name):
    key = rsa_key(name)
    return certify(name, key, since=NOW - 5 * YEAR, until=NOW + 25 * YEAR, is_authority=True), key


@dataclass(frozen=True)
class Keystore:
    """A signer's PKCS#12 file: an `ExternalSigner`, its key used nowhere but here."""

    p12: bytes

    @property
    def _opened(self):
        return pkcs12.load_pkcs12(self.p12, WORD)

    @property
    def certificates(self):
        opened = self._opened
        rows = [opened.cert, *opened.additional_certs]
        return [row.certificate.public_bytes(Encoding.DER) for row in rows]

    @property
    def key(self):
        return self._opened.key

    def sign(self, data):
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@cache
def keystore(name, *, of="CA Thử", key=None, since=NOW - YEAR, until=NOW + 20 * YEAR):
    """A signer certified by a root; key: another kind of key than RSA of 2048 bits."""
    above = root(of)
    key = key or rsa_key(name)
    certificate = certify(name, key, by=above, since=since, until=until)
    opened = pkcs12.serialize_key_and_certificates(
        name.encode(), key, certificate, [above[0]], BestAvailableEncryption(WORD)
    )
    return Keystore(opened)


def root_der(name="CA Thử"):
    return root(name)[0].public_bytes(Encoding.DER)


def leader():
    return keystore("Nguyễn Văn Thử")


def clerk():
    return keystore("Văn thư UBND huyện Thử")


def office():
    return keystore("UBND huyện Thử")
