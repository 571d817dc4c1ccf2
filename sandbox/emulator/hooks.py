"""The parts of ministack that the sandbox uses or replaces, checked by name and signature before it serves."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

EVALUATOR = "ministack.core.iam_evaluator"
ACTIONS = "ministack.core.iam_actions"

HANDLER = "method path headers body query_params"

# Module → function → its parameters, or None for what is not a function.
HOOKS: dict[str, dict[str, str | None]] = {
    "ministack.app": {
        "SERVICE_HANDLERS": None,
        "SERVICE_REGISTRY": None,
        "_build_persistence_save_dict": "",
        "_collect_scripts": "*dirs",
        "_loaded_modules": None,
        "app": "scope receive send",
    },
    "ministack.core.persistence": {"save_all": "services"},
    "ministack.core.responses": {"get_account_id": "", "get_region": "", "request_scope": "account_id region"},
    "ministack.core.router": {
        "SERVICE_PATTERNS": None,
        "extract_access_key_id": "headers query_params",
    },
    ACTIONS: {
        "SERVICE_TO_IAM_NAMESPACE": None,
        "access_denied_response": "service action principal_arn request_id error_code message headers resource_arn "
        "explicit_deny resource_policy_arn",
        "extract_iam_action": "service method path headers body query_params",
        "extract_resource_arn": "service method path headers body query_params region account_id",
        "s3_service_context": "iam_action query_params path headers",
    },
    EVALUATOR: {
        "AuthError": "code message details",
        "EvalContext": "principal_arn principal_type principal_account action resource_arn region source_ip "
        "secure_transport request_tags tag_keys service_context principal_keys",
        "EvalResult": "decision principal_arn matched_sid reason resource_policy_arn",
        "_principal_matches": "principal caller_arn",
        "_resolve_condition_key": "key ctx",
        "caller_arn": "",
        "check_credentials": "access_key_id service",
        "combine_resource_policy": "identity ctx policy owner_account required limits",
        "enforce": "access_key_id iam_action service region resource_arn service_context",
        "evaluate": "ctx policies limits",
        "evaluate_resource_policy": "doc ctx service named_only direct_only",
        "parse_policy_document": "doc",
        "resolve_principal": "access_key_id account_id credential",
    },
    "ministack.services.cloudwatch_logs": {"handle_request": HANDLER},
    "ministack.services.cloudwatch": {
        "_alarms": None,
        "_calc_stats": "points",
        "_dims_from_list": "dimensions",
        "_dims_key": "dims",
        "_dispatch_alarm_actions": "alarm old_state new_state reason",
        "_error": "code message status use_json use_cbor",
        "_evaluate_all_alarms": "",
        "_evaluate_parent_alarms": "child seen",
        "_history_entries": "",
        "_metrics": None,
        "_p": "params key default",
        "_put_metric_alarm": "params cbor_data is_cbor is_json",
        "_record_history": "alarm_name old_state new_state reason alarm_type reason_data",
        "_stat_value": "stats stat_name points",
        "record_metric": "namespace metric_name value unit dimensions",
    },
    "ministack.services.eventbridge": {
        "_apply_input_transformer": "transformer rule view",
        "_cron_next_fire": "fields after_dt",
        "_dispatch_event": "event view",
        "_ensure_default_bus": "",
        "_event_bus_policies": None,
        "_event_buses": None,
        "_events_log_list": "",
        "_invoke_target": "target event rule view",
        "_parse_cron_fields": "expr",
        "_pattern_event_view": "event",
        "_put_events": "data allow_aws_source",
        "_put_permission": "data",
        "_put_rule": "data",
        "_put_targets": "data",
        "_rule_key": "rule_name bus_name",
        "start_scheduler": "",
    },
    "ministack.services.iam": {
        "_IAM_HANDLERS": None,
        "_aws_managed_policies": None,
        "_error": "status code message ns",
        "_make_aws_managed_record": "name document description",
        "_policies": None,
        "_roles": None,
        "_users": None,
        "policy_known": "arn account_id",
    },
    "ministack.services.kms": {
        "_aliases": None,
        "_create_alias": "data",
        "_create_key": "data",
        "_grants": None,
        "_keys": None,
        "handle_request": HANDLER,
    },
    "ministack.core.lambda_runtime": {"Worker": "func_name config code_zip", "os": None},
    "ministack.services.lambda_svc": {
        "_emit_lambda_metrics": "function_name duration_ms error throttle",
        "_event_invoke_config": "func qualifier",
        "_execute_function_with_config_scope": "func event",
        "_execution_record_for_config": "func config",
        "_get_func_record_for_ref": "function_ref",
        "function_policy_for_arn": "resource_arn",
        "handle_request": HANDLER,
        "invoke_async_with_retry": "func event",
    },
    "ministack.services.s3": {
        "_bucket_encryption": None,
        "_bucket_owner_account": "name",
        "_bucket_policies": None,
        "_check_sse_c_copy_source": "headers src_obj",
        "_check_sse_c_part": "headers upload",
        "_check_sse_read_headers": "headers obj",
        "_error": "code message status resource extra headers",
        "_foreign_bucket_allows": "owner_account bucket_name key method query_params caller headers",
        "_multipart_uploads": None,
        "_resolve_sse_write_headers": "headers bucket_name",
        "bucket_region": "name",
        "now_iso": "",
    },
    "ministack.services.scheduler": {
        "_schedules": None,
        "_to_epoch": "value",
        "handle_request": "method path headers body_bytes query_params",
        "start_scheduler": "",
    },
    "ministack.services.sns": {
        "SnsPublishError": "code message",
        "_build_envelope": "topic_arn msg_id message subject message_attributes raw",
        "_error": "code message status",
        "_normalize_arn": "arn",
        "_p": "params key default",
        "_deliver_to_lambda": "endpoint envelope topic_arn sub_arn msg_id raw_message message_attributes",
        "_fanout": "topic_arn msg_id message subject message_structure message_attributes message_group_id "
        "message_dedup_id",
        "_matches_filter_policy": "sub message_attributes message",
        "_resolve_message_for_protocol": "message message_structure protocol",
        "_subscribe": "params",
        "_topic_by_arn_any_scope": "topic_arn",
        "publish_internal": "topic_arn message subject message_structure message_attributes message_group_id "
        "message_deduplication_id",
        "topic_policy_for_arn": "topic_arn",
    },
    "ministack.services.sqs": {
        "_ensure_msg_fields": "m",
        "_expire_retained": "q",
        "_md5_msg_attrs": "attrs",
        "_queue_by_arn": "arn",
        "queue_delay": "q",
        "queue_policy_for_arn": "queue_arn",
    },
    "ministack.services.sts": {
        "_sessions": None,
        "get_state": "",
        "load_persisted_state": "data",
        "register_session": "access_key session",
    },
    "ministack.services.tagging": {"resource_tags": "arn"},
}


class HookMissingError(Exception):
    """The installed ministack is not the one that this sandbox was written for."""


def check() -> None:
    """Raise :class:`HookMissingError`, naming each hook that is gone or has another signature."""
    problems = []
    for module_name, names in HOOKS.items():
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            problems.append(f"{module_name}: {error}")
            continue
        for name, parameters in names.items():
            found = getattr(module, name, None)
            if found is None:
                problems.append(f"{module_name}.{name} is gone")
            elif parameters is not None and _parameters(found) != parameters:
                problems.append(f"{module_name}.{name} takes ({_parameters(found)}), expected ({parameters})")
    if problems:
        raise HookMissingError(
            "The sandbox hooks into ministack 1.5.33 where the installed version differs; "
            "install the locked version, or adapt sandbox/emulator: " + "; ".join(problems)
        )


def replace(module_name: str, name: str, wrap: Callable[[Any], Any]) -> None:
    """Put ``wrap(original)`` in the place of one hook of :data:`HOOKS`."""
    if name not in HOOKS[module_name]:
        raise HookMissingError(f"{module_name}.{name} is not in the list of checked hooks")
    module = importlib.import_module(module_name)
    setattr(module, name, wrap(getattr(module, name)))


def _parameters(function: Any) -> str:
    names = []
    for parameter in inspect.signature(function).parameters.values():
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL and parameter.name == "dirs" else ""
        names.append(star + parameter.name)
    return " ".join(names)
