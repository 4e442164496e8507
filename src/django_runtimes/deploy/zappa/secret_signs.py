"""Finds variables that look like secrets, by their name or their value; a wrong finding costs one line of advice."""

import math
import re
from collections import Counter

_NAME = re.compile(
    r"SECRET|PASSW|PASSPHRASE|TOKEN|CREDENTIAL|PRIVATE|SIGNING|SALT|WEBHOOK|API_?KEY"
    r"|(^|_)(KEY|KEYS|PWD|DSN|AUTH)(_|$)",
    re.IGNORECASE,
)
_VALUES = (
    # A login in an address, and a private key.
    r"://[^/@\s]*:[^/@\s]+@",
    r"-----BEGIN",
    # The prefixes by which services mark their credentials.
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\b(sk|rk)_(live|test)_",
    r"\bwhsec_",
    r"\bsk-[\w-]{16}",
    r"\bgh[oprsu]_",
    r"\bgithub_pat_",
    r"\bglpat-",
    r"\bxox[abeprs]-",
    r"\bxapp-",
    r"\bSG\.[\w-]{10}",
    r"\bkey-[0-9a-f]{32}\b",
    r"\bAIza",
    r"\bya29\.",
    r"\bnpm_[A-Za-z0-9]{10}",
    r"\bpypi-[\w-]{10}",
    r"\bdo[opr]_v1_",
    r"\bsq0[a-z]{3}-",
    # A JSON Web Token.
    r"\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    # Addresses that are credentials themselves.
    r"hooks\.slack\.com/(services|workflows|triggers)/",
    r"discord(app)?\.com/api/webhooks/",
    r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
)
_VALUE = re.compile("|".join(_VALUES))
# A random text has letters and digits, without the separators of names, hosts and paths.
_RUN = re.compile(r"[A-Za-z0-9+=]{20,}")
# A random text of 20 hexadecimal digits has 3.3 bits per character on average.
_LEAST_ENTROPY_BITS = 2.8


def looks_secret(name: str, value: str) -> bool:
    """Return whether a variable probably holds a secret."""
    return bool(_NAME.search(name) or _VALUE.search(value)) or any(map(_is_random, _RUN.findall(value)))


def _is_random(text: str) -> bool:
    has_both = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return has_both and _entropy_bits(text) >= _LEAST_ENTROPY_BITS


def _entropy_bits(text: str) -> float:
    """Return Shannon's entropy per character."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
