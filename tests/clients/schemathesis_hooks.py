"""What a schema cannot say: fields that must agree with each other, and what depends on the server's configuration."""

import re

import schemathesis

HOST = re.compile(r"-?[a-z][a-z0-9]{0,20}(\.[a-z][a-z0-9]{0,20}){0,3}")


def disagrees(fields):
    """Whether one of these is said to end before it begins. The dates are compared as text, so that fewer cases are left."""
    pairs = (("since", "until"), ("checked_since", "checked_until"), ("search_after_date_filter", "search_before_date_filter"),
             ("search_recency_filter", "search_before_date_filter"))
    return any(fields.get(begin) and fields.get(end) for begin, end in pairs)


def names_hosts(value):
    """Not wrong in a way that only a parser of host names finds."""
    values = value if isinstance(value, list) else [value]
    return all(not isinstance(each, str) or HOST.fullmatch(each) for each in values)


def may_be_sent(fields):
    if not isinstance(fields, dict):
        return True
    if not all(names_hosts(fields.get(name)) for name in ("domain", "search_domain_filter")):
        return False
    ours = fields.get("renvoi")
    if disagrees(fields) or isinstance(ours, dict) and (disagrees({**fields, **ours}) or not names_hosts(ours.get("domain"))):
        return False
    # No search engine and no trusted generator are configured here, and no answer comes within a millisecond.
    if fields.get("scope") in ("web", "auto") or fields.get("mode") == "generative" or fields.get("model") == "renvoi-generative":
        return False
    deadline = fields.get("deadline_ms")
    return not isinstance(deadline, (int, float)) or deadline > 10_000 or deadline < 1


@schemathesis.hook
def filter_case(context, case):
    query = dict(case.query or {})
    alone = "address" not in query or len(query) == 1
    # The filters of `renvoi` are read by one function for all; time is better spent elsewhere than on each protocol's.
    if isinstance(case.body, dict) and "renvoi" in case.body and case.path != "/v1/chat/completions":
        return False
    return alone and may_be_sent(query) and may_be_sent(case.body)
