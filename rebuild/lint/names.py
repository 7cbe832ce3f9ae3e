"""The grammars of names, as k8s.io/apimachinery/pkg/util/validation has them. Each says what is wrong, or nothing."""

from __future__ import annotations

import re
from functools import lru_cache

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)
_LABEL_SAYS = "lower case letters, digits and '-' are allowed, with a letter or digit at both ends"


def label_trouble(name: str) -> str:
    """Of a DNS-1123 label."""
    if len(name) > LABEL_LENGTH:
        return f"has {len(name)} characters; {LABEL_LENGTH} are allowed"
    return "" if _LABEL.fullmatch(name) else _LABEL_SAYS


@lru_cache(maxsize=4096)
def subdomain_trouble(name: str) -> str:
    """Of a DNS-1123 subdomain."""
    if len(name) > SUBDOMAIN_LENGTH:
        return f"has {len(name)} characters; {SUBDOMAIN_LENGTH} are allowed"
    parts_fit = all(_LABEL.fullmatch(part) for part in name.split("."))
    return "" if parts_fit else f"{_LABEL_SAYS} of each part between dots"


def segment_trouble(name: str) -> str:
    """Of one segment of a URL path, which is all that some kinds ask of a name."""
    fits = name not in (".", "..") and not any(sign in name for sign in "/%")
    return "" if fits else "a name must not be '.' or '..' or contain '/' or '%'"


# The same few keys and values stand on every object of a repository.
@lru_cache(maxsize=4096)
def qualified_trouble(key: str) -> str:
    """Of the key of a label or an annotation: an optional subdomain with a slash, and a word."""
    *prefix, word = key.split("/")
    if len(prefix) > 1:
        return "only one '/' is allowed, between a DNS prefix and a name"
    if prefix and (not prefix[0] or subdomain_trouble(prefix[0])):
        return f"the prefix {prefix[0][:300]!r} is no DNS subdomain"
    return _word_trouble(word)


@lru_cache(maxsize=4096)
def value_trouble(value: str) -> str:
    """Of the value of a label, which may be empty."""
    return _word_trouble(value) if value else ""


def _word_trouble(word: str) -> str:
    if len(word) > LABEL_LENGTH:
        return f"{len(word)} characters are too many; {LABEL_LENGTH} are allowed"
    return (
        "" if _WORD.fullmatch(word) else "letters, digits, '-', '_' and '.' are allowed, a letter or digit at both ends"
    )


@lru_cache(maxsize=4096)
def config_key_trouble(key: str) -> str:
    """Of a key of a ConfigMap's or a Secret's data, which becomes the name of a file (IsConfigMapKey)."""
    if len(key) > SUBDOMAIN_LENGTH:
        return f"has {len(key)} characters; {SUBDOMAIN_LENGTH} are allowed"
    fits = _CONFIG_KEY.fullmatch(key) and key != "." and not key.startswith("..")
    return "" if fits else "letters, digits, '-', '_' and '.' are allowed, and it must not be '.' or begin with '..'"
