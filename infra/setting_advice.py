"""What to write instead of a setting that cannot be used, by where it is."""

from __future__ import annotations

EXAMPLES = {
    "environment": "write `environment: registry`, `dev` or `prod`",
    "region": "write the AWS region, for example `region: us-east-1`",
    "accounts": 'write the four account ids, for example `dev: "111111111111"`',
    "jenkins": "write `jenkins:` with `role_name:` of the deploy agents, `preview_role_name:` of the preview agents",
    "models": "write a list of model names, for example `models: [mammography-severity]`",
    "permissions": "write `least-privilege` or `managed`",
    "permissions_boundary": "write the policy's ARN, arn:aws:iam::<account>:policy/<name>",
    "log_retention_days": "write a number of days that CloudWatch Logs accepts, for example 365",
    "drift_check": "write `batch-check` or `model-monitor`",
    "alerts": "write `alerts:` with `topic:`, `emails:` and `approval_hours:`",
    "alerts.topic": "write the topic's name, for example `topic: mammography-model-notification`",
    "alerts.emails": "write at least one address, for example `emails: [ml-team@example.com]`",
    "alerts.approval_hours": "write hours between 1 and 8760, for example 72",
    "alerts.studio_domain": "write the domain's id, for example `studio_domain: d-abcdefghijkl`",
    "inference": "write `inference:` with `schedule:`, `time_zone:`, `flexible_window_minutes:` and `period_hours:`",
    "inference.schedule": "write `cron(0 23 * * ? *)`, six fields with ? for one of the days, or `rate(1 day)`",
    "inference.time_zone": "write a name of the IANA database, for example `time_zone: UTC`",
    "inference.flexible_window_minutes": "write minutes between 0 and 1440; 0 means on the minute",
    "inference.period_hours": "write hours between 1 and 84: CloudWatch looks back two periods, seven days at most",
    "retraining": "write `retraining:` with `cool_down_hours:` and `weekly_cap:`",
    "retraining.cool_down_hours": "write hours between 1 and 168, for example 20",
    "retraining.weekly_cap": "write a number between 1 and 100, for example 3",
}
