"""Actions that a role may be allowed on every resource, each with the reason.

Whether an action knows resource types: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from collections.abc import Mapping

NO_RESOURCE_TYPE = "AWS knows no resource type for it"
NO_ARN_YET = "the ARN holds an id that AWS makes: a condition on tags narrows it"

WILDCARD_ONLY: Mapping[str, str] = {
    "cloudwatch:DescribeAlarms": "a listing, which AWS answers in full or not at all",
    "cloudwatch:PutMetricData": NO_RESOURCE_TYPE,
    "ecr:GetAuthorizationToken": NO_RESOURCE_TYPE,
    "kms:CreateKey": NO_RESOURCE_TYPE,
    "kms:ListAliases": NO_RESOURCE_TYPE,
    "kms:TagResource": NO_ARN_YET,
    "sns:GetSubscriptionAttributes": NO_RESOURCE_TYPE,
    "sns:SetSubscriptionAttributes": NO_RESOURCE_TYPE,
    "sns:Unsubscribe": NO_RESOURCE_TYPE,
}
