"""The forms that single settings take, each as AWS takes it."""

from __future__ import annotations

import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
# https://docs.aws.amazon.com/general/latest/gr/rande.html
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
RoleName = Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ExternalId = Annotated[str, StringConstraints(pattern=r"^[\w+=,.@:/-]+$", min_length=2, max_length=1224)]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[\w-]*:iam::\d{12}:policy/.+$")]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
                        3288, 3653]  # fmt: skip
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeDomain.html
StudioDomain = Annotated[str, StringConstraints(pattern=r"^d-[a-z0-9-]{1,61}$")]
# EventBridge Scheduler's own limit: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html
WindowMinutes = Annotated[int, Field(ge=0, le=1440)]

_RATE = re.compile(r"rate\([1-9]\d* (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_CRON_FIELD = re.compile(r"[\dA-Za-z*?,/#LW-]+")


def schedule_expression(text: str) -> str:
    """A rate, or a cron expression of six fields with ``?`` for one of the two days; raises ValueError.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    if _RATE.fullmatch(text):
        return text
    found = _CRON.fullmatch(text)
    fields = found[1].split() if found else []
    if len(fields) != 6 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        raise ValueError("neither rate(…) nor cron(…) of six fields")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    return text


def time_zone(name: str) -> str:
    """A time zone of the IANA database; raises ValueError."""
    if name not in zoneinfo.available_timezones():
        raise ValueError("no such time zone")
    return name


ScheduleExpression = Annotated[str, AfterValidator(schedule_expression)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
