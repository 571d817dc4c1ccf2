"""The three functions that a program may ask the provider."""

from __future__ import annotations

from sandbox.provider.aws import Aws
from sandbox.provider.wire import Data

# https://docs.aws.amazon.com/general/latest/gr/rande.html
_DESCRIPTIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
}


class UnknownFunctionError(Exception):
    """A function of the real provider that this one does not have."""


def invoke(function: str, arguments: Data, aws: Aws) -> Data:
    """Answer one function."""
    if function == "aws:index/getCallerIdentity:getCallerIdentity":
        found = aws.client("sts").get_caller_identity()
        account = found["Account"]
        return {"accountId": account, "arn": found["Arn"], "id": account, "userId": found["UserId"]}
    if function == "aws:index/getRegion:getRegion":
        region = arguments.get("region") or aws.region
        description = _DESCRIPTIONS.get(region, region)
        endpoint = f"ec2.{region}.amazonaws.com"
        return {"description": description, "endpoint": endpoint, "id": region, "name": region, "region": region}
    if function == "aws:index/getPartition:getPartition":
        return {
            "dnsSuffix": "amazonaws.com",
            "id": aws.partition,
            "partition": aws.partition,
            "reverseDnsPrefix": "com.amazonaws",
        }
    raise UnknownFunctionError(f"the sandbox's AWS provider does not implement {function}")
