"""The kinds that no figure can be about."""

OUT_OF_REACH = frozenset({("", "ComponentStatus"), ("certificates.k8s.io", "PodCertificateRequest")})
"""No object of these can be made: one is computed, and the other only kubelets may ask for."""
