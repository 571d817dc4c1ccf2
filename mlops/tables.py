"""Results of commands as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlops.console import show, show_table

MODEL_COLUMNS = ("version", "status", "auc", "trained_by", "created")


def show_up(result: Mapping[str, Any]) -> None:
    """The three accounts, the versions, and what to do next."""
    rows = [{"stack": name, "account": s["account_id"], **s} for name, s in result["stacks"].items()]
    show_table("Accounts", ("stack", "account", "resources", "changes"), rows, "none")
    show_models(result["models"])
    if result["place"] == "sandbox":
        show(f"The sandbox answers at {result['endpoint_url']}. `mlops env` prints what to export for pulumi and aws.")
    if any(model["status"] == "PendingManualApproval" for model in result["models"]):
        newest = result["models"][0]["version"]
        show(f"Next: mlops models show {newest}, then mlops models approve {newest} --reason '…'")


def show_status(result: Mapping[str, Any]) -> None:
    """Accounts, versions, executions."""
    rows = [
        {"stack": name, "account": s["account_id"], **s, "pending_changes": _pending(s)}
        for name, s in result["stacks"].items()
    ]
    show_table("Accounts", ("stack", "account", "resources", "pending_changes"), rows, "none")
    show_models(result["models"])
    show_executions(result["executions"])


def _pending(stack: Mapping[str, Any]) -> str:
    return "not deployed" if stack["pending_changes"] is None else str(stack["pending_changes"])


def show_models(models: Sequence[Mapping[str, Any]]) -> None:
    """Versions, each with its AUC and the interval of that."""
    rows = [
        {
            **model,
            "auc": _auc(model),
            "trained_by": _short(model["trained_by"]),
            "created": model["created"][:16].replace("T", " "),
        }
        for model in models
    ]
    show_table("Model versions", MODEL_COLUMNS, rows, "none; `mlops run train --stack dev` trains one")


def show_model(model: Mapping[str, Any]) -> None:
    """One version, a line for each fact."""
    facts = {**model, "auc": _auc(model)}
    for hidden in ("auc_lower_bound", "auc_upper_bound"):
        facts.pop(hidden)
    for name, value in facts.items():
        if value is not None:
            show(f"{name.replace('_', ' '):<12} {value}")


def show_executions(executions: Sequence[Mapping[str, Any]]) -> None:
    """Executions, newest first in each account."""
    rows = [{**execution, "execution": execution["arn"].rsplit("/", 1)[1]} for execution in executions]
    columns = ("environment", "pipeline", "execution", "status", "seconds", "started", "reason")
    show_table("Executions", columns, rows, "none")


def show_mail(messages: Sequence[Mapping[str, Any]]) -> None:
    """E-mails as a person would get them, oldest first."""
    if not messages:
        show("No e-mail was sent.")
    for message in messages:
        show(f"--- {message['id']}  {message['at']}\nTo: {message['to']}\nSubject: {message['subject'] or ''}\n")
        show(str(message["text"]).rstrip() + "\n")


def show_redriven(messages: Sequence[Mapping[str, Any]]) -> None:
    """What lay in the dead-letter queues and what became of it."""
    show_table("Dead letters", ("queue", "target", "error", "state", "detail"), messages, "none")


def show_demo(result: Mapping[str, Any]) -> None:
    """The story, the e-mails that people got on the way, and where the page is."""
    show_table("What happened", ("at", "title", "detail"), result["chapters"], "nothing")
    show_mail(result["mail"])
    show(f"The report is {result['report']}; the sandbox still runs: try `mlops status`, `mlops outbox`, `mlops down`")


def _auc(model: Mapping[str, Any]) -> str | None:
    if model["auc"] is None:
        return None
    return f"{model['auc']:.3f} [{model['auc_lower_bound']:.3f}, {model['auc_upper_bound']:.3f}]"


def _short(arn: str | None) -> str | None:
    """A session's role and account: all of an ARN that a table has room for."""
    if arn is None or ":assumed-role/" not in arn:
        return arn
    return f"{arn.split(':assumed-role/')[1].split('/')[0]} in {arn.split(':')[4]}"
