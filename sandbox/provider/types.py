"""The table of resource types."""

from __future__ import annotations

from sandbox.provider import (
    alarms,
    events,
    function_permission,
    functions,
    iam,
    kms,
    logs,
    s3_bucket,
    s3_lifecycle,
    s3_object,
    s3_settings,
    sagemaker,
    scheduler,
    sns,
    sqs,
)
from sandbox.provider.resource import Resource

TYPES: dict[str, Resource] = {
    kind.pulumi_type: kind
    for kind in (
        alarms.MetricAlarm(),
        events.EventRule(),
        events.EventTarget(),
        functions.Function(),
        function_permission.Permission(),
        iam.Role(),
        iam.RolePolicy(),
        iam.RolePolicyAttachment(),
        kms.Alias(),
        kms.Key(),
        logs.LogGroup(),
        s3_bucket.Bucket(),
        s3_lifecycle.BucketLifecycleConfiguration(),
        s3_object.BucketObject(),
        s3_settings.BucketOwnershipControls(),
        s3_settings.BucketPolicy(),
        s3_settings.BucketPublicAccessBlock(),
        s3_settings.BucketServerSideEncryptionConfiguration(),
        s3_settings.BucketVersioning(),
        sagemaker.ModelPackageGroup(),
        sagemaker.ModelPackageGroupPolicy(),
        sagemaker.Pipeline(),
        scheduler.Schedule(),
        scheduler.ScheduleGroup(),
        sns.Topic(),
        sns.TopicPolicy(),
        sns.TopicSubscription(),
        sqs.Queue(),
        sqs.QueuePolicy(),
    )
}
