"""Who would be called for what: webhooks and admission policies as the API server matches them. Pure.

The source is k8s.io/apiserver/pkg/admission/plugin/{webhook,policy}: rules, scope, match policy, the two selectors, and
as much of the match conditions as can be known before there is a request. What cannot be known counts as called.
"""
