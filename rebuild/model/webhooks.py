"""Where a webhook is answered, and whether the API server could trust who answers there.

The three kinds that name one (webhook configurations and CustomResourceDefinitions) share the `clientConfig`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rebuild.model.objects import dig


def lacks_ca(client: Any) -> bool:
    """Whether a Service answers and no CA vouches for it: every call fails then, since no public CA signs such names.

    Some generators write a blank line (`Cg==`) where a controller will put the bundle.
    """
    bundle = dig(client, "caBundle")
    if not dig(client, "service"):
        return False
    try:
        return not (isinstance(bundle, str) and base64.b64decode(bundle).strip())
    except (binascii.Error, ValueError):
        # Not base64: the API server refuses it, which says more than we could.
        return False
