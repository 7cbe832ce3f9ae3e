"""Playbooks: rehearse a recovery from provisioning to teardown, and score it."""
