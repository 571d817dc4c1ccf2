"""The text of a refusal, as AWS words it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from sandbox.emulator.request import Check

_KINDS = {
    "boundary": "permissions boundary",
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "session": "session policy",
}


def message(check: Check, principal_arn: str, *, explicit: bool, by: str, foreign: bool = False) -> str:
    """``by`` is the kind of policy that refuses, ``foreign`` says that the resource is another account's."""
    service = check.action.partition(":")[0]
    who = f"User: {principal_arn} is not authorized to perform: {check.action}"
    if service == "kms" and by == "resource" and foreign:
        # KMS does not say which, so that nobody learns of another account's keys.
        return (
            f"{who} on this resource because the resource does not exist in this Region, no resource-based policies "
            "allow access, or a resource-based policy explicitly denies access"
        )
    if service == "sts" and foreign:
        return f"{who} on resource: {check.resource_arn}"
    resource = f'"{check.resource_arn}"' if service == "s3" else check.resource_arn
    kind = "role trust policy" if service == "sts" and by == "resource" else _KINDS[by]
    if explicit:
        article = "an" if kind.startswith("i") else "a"
        return f"{who} on resource: {resource} with an explicit deny in {article} {kind}"
    return f"{who} on resource: {resource} because no {kind} allows the {check.action} action"
