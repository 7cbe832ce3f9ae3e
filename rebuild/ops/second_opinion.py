"""Asks the API server, object by object, what applying the declaration would change. Stores nothing.

One request for each object, which is why it has to be asked for. What is sent is what `apply` would send: without the
fields that a controller owns by now.
"""

from __future__ import annotations

from msgspec import Struct

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, Manifest
from rebuild.verify import reapply
from rebuild.verify.controllers import Setting

_NOBODY_ANSWERS = (Cause.TRANSPORT, Cause.OVERLOAD, Cause.UNAUTHORIZED)
"""Then the next object would not be answered either."""


class SecondOpinion(Struct):
    """Gives the server's answer for one object after the other; once it stops answering, it is not asked again."""

    cluster: Cluster
    kinds: Kinds
    setting: Setting
    silence: Fault | None = None

    def of(self, manifest: Manifest, live: Body) -> Body | Fault:
        """The object as the server would leave it, or why it does not say.

        Args:
            manifest: the declaration, fitted to the target.
            live: the object that lives.
        """
        kind = self.kinds.of(manifest.ref)
        if self.silence or kind is None:
            return self.silence or Fault(Cause.NOT_SERVED, 0, "the target does not serve its kind")
        sent = manifest.with_body(reapply.without_controller_owned(manifest, live, self.setting))
        try:
            return self.cluster.preview(sent, kind)
        except ClusterFault as error:
            if error.fault.cause in _NOBODY_ANSWERS:
                self.silence = error.fault
            return error.fault
