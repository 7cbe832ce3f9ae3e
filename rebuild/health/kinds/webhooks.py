"""Webhook configurations: can the API server call those whom it names? kstatus has no rule and calls them Current.

A configuration is often declared without its CA bundle, and a controller fills it in. Until then the API server takes
the configuration and trusts nobody behind it: each call fails, and what it should have changed is not changed. Whether
somebody answers is not to be seen here; the plan has the configuration wait for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.states import Status
from rebuild.model.webhooks import lacks_ca


def webhook_configuration(body: Body) -> Status:
    """Current when each of its webhooks is at a URL, has a CA bundle, or is called for nothing."""
    for webhook in dig_maps(body, "webhooks"):
        if lacks_ca(dig(webhook, "clientConfig")) and not _is_called_for_nothing(webhook):
            return in_progress(f"the webhook {fields.text(webhook, 'name') or 'without a name'} has no CA bundle yet")
    return current("the API server can call its webhooks")


def _is_called_for_nothing(webhook: Body) -> bool:
    """A match condition never holds; the plan adds one for a target on which nothing answers."""
    return any(fields.text(each, "expression") == "false" for each in dig_maps(webhook, "matchConditions"))


RULES: Final[Mapping[GroupKind, Rule]] = {
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): webhook_configuration,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): webhook_configuration,
}
