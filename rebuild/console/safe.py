"""Makes foreign text harmless to a terminal.

Names and messages come from a cluster or a repository, and a terminal obeys what it is sent: an escape sequence
in the name of a ConfigMap could repaint the screen or fill the clipboard (CVE-2021-25743 in kubectl). All text
that is shown passes through here, and reaches rich as `Text`, never as markup.
"""

from __future__ import annotations


def clean(text: str) -> str:
    """The text on one line, without anything that steers a terminal or reorders what is read.

    Whitespace of every kind becomes a space. What Unicode calls not printable is dropped: C0 and C1 controls with
    ESC and CSI, bidirectional and zero-width format characters, lone surrogates. What is left of an escape
    sequence stays readable, since hiding it would hide the attempt.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
