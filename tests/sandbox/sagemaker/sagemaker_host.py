"""A host for the SageMaker service in tests: one loopback server for its API, S3, CloudWatch Logs and Lambda."""

from __future__ import annotations

import fnmatch
import json
import threading
import time
import uuid
import xml.sax.saxutils
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.config

from sandbox.host import Caller, Credentials, ResourceGrant, ServiceError
from sandbox.sagemaker import aws
from sandbox.sagemaker.service import SageMakerService

REGION = "us-east-1"
DEV, PROD, REGISTRY = "111111111111", "222222222222", "333333333333"
ROLE = f"arn:aws:iam::{DEV}:role/pipeline"
JOB_ROLE = f"arn:aws:iam::{DEV}:role/job"


class SandboxHost:
    """Implements ``sandbox.host.Host``; a role may do everything but what ``denied`` names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[str, bytes] = {}  # "bucket/key"
        self.encryption: dict[str, str] = {}
        self.logs: dict[str, list[str]] = {}
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.metrics: list[tuple[str, str, dict[str, str]]] = []
        self.denied: set[tuple[str, str]] = set()  # role ARN, action
        self.assumed: list[tuple[str, str]] = []  # role ARN, source ARN
        self.failures: dict[str, list[tuple[int, str]]] = {}  # operation -> errors still to answer
        self.page_size = 1000
        self.changed = threading.Condition()
        self._callers: dict[str, Caller] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.service = self.open_service()

    def open_service(self) -> SageMakerService:
        """The service on this host's folders, as a restarted server opens it."""
        self.service = SageMakerService(self, self.folder / "state", self.folder / "work")
        return self.service

    def close(self) -> None:
        self.service.close()
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def now(self) -> float:
        return time.time()

    def credentials_for_service(
        self, *, service: str, role_arn: str, session_name: str, source_arn: str
    ) -> Credentials:
        if (role_arn, "sts:AssumeRole") in self.denied:
            raise ServiceError("ValidationException", f"Could not assume role {role_arn}.")
        self.assumed.append((role_arn, source_arn))
        account_id, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        return self.credentials(account_id, f"arn:aws:sts::{account_id}:assumed-role/{name}/{session_name}")

    def credentials(self, account_id: str, arn: str) -> Credentials:
        key = f"ASIA{uuid.uuid4().hex[:16].upper()}"
        self._callers[key] = Caller(account_id=account_id, arn=arn)
        return Credentials(access_key_id=key, secret_access_key="secret", session_token="token")

    def resource_policy_allows(self, question: ResourceGrant) -> bool:
        answers = [s["Effect"] for s in question.policy.get("Statement", []) if _applies(s, question)]
        return "Allow" in answers and "Deny" not in answers

    def emit(
        self, *, account_id: str, region: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        json.dumps(detail)
        with self.changed:
            self.events.append({"account": account_id, "type": detail_type, "detail": detail, "resources": resources})
            self.changed.notify_all()

    def count(
        self, *, account_id: str, region: str, namespace: str, metrics: Mapping[str, float], dimensions: dict[str, str]
    ) -> None:
        with self.changed:
            self.metrics += [(namespace, name, dimensions) for name in metrics]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Return when the condition holds; it is asked again after each event."""
        with self.changed:
            assert self.changed.wait_for(condition, seconds), "what the test waits for did not happen"

    def client(self, account_id: str = DEV, arn: str | None = None, service: str = "sagemaker") -> Any:
        """A botocore client of the loopback server: its answers are parsed by the API's model."""
        credentials = self.credentials(account_id, arn or f"arn:aws:iam::{account_id}:user/tester")
        return aws.client(
            service,
            region=REGION,
            endpoint_url=self.endpoint_url,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
        )

    def caller(self, authorization: str) -> Caller:
        return self._callers[authorization.partition("Credential=")[2].partition("/")[0]]

    def refuse(self, caller: Caller, action: str, resource: str) -> None:
        role = f"arn:aws:iam::{caller.account_id}:role/{caller.arn.split('/')[1]}"
        if (role, action) in self.denied:
            raise ServiceError(
                "AccessDeniedException",
                f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} because no"
                f" identity-based policy allows the {action} action",
            )


def _applies(statement: dict[str, Any], question: ResourceGrant) -> bool:
    principals = statement["Principal"]["AWS"]
    actions, resources = statement["Action"], statement["Resource"]
    wanted = (question.caller.account_id, f"arn:aws:iam::{question.caller.account_id}:root", question.caller.arn)
    conditions = statement.get("Condition", {}).get("StringEquals", {})
    return (
        any(p in wanted for p in ([principals] if isinstance(principals, str) else principals))
        and any(fnmatch.fnmatch(question.action, a) for a in ([actions] if isinstance(actions, str) else actions))
        and any(
            fnmatch.fnmatch(question.resource_arn, r)
            for r in ([resources] if isinstance(resources, str) else resources)
        )
        and all(question.context.get(key) == value for key, value in conditions.items())
    )


def _handler(host: SandboxHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target = self.headers.get("X-Amz-Target", "")
            path = unquote(urlsplit(self.path).path)
            try:
                caller = host.caller(self.headers["Authorization"])
                if target.startswith("SageMaker."):
                    self._sagemaker(caller, target.partition(".")[2], json.loads(body))
                elif target.startswith("Logs_"):
                    self._logs(caller, target.partition(".")[2], json.loads(body))
                elif path.startswith("/2015-03-31/functions/"):
                    self._lambda(caller, path.split("/")[3], json.loads(body))
                else:
                    self._s3(caller, path.lstrip("/"), body)
            except ServiceError as error:
                document = {"__type": error.code, "message": error.message}
                self._answer(json.dumps(document).encode(), error.status, {"x-amzn-ErrorType": error.code})

        def do_GET(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _sagemaker(self, caller: Caller, operation: str, parameters: dict[str, Any]) -> None:
            resource = host.service.resource_arns(caller.account_id, REGION, operation, parameters)[0]
            host.refuse(caller, f"sagemaker:{operation}", resource)
            for role in host.service.passed_roles(operation, parameters):
                host.refuse(caller, "iam:PassRole", role)
            if host.failures.get(operation):
                status, code = host.failures[operation].pop(0)
                raise ServiceError(code, "failed on purpose", status)
            self._answer(json.dumps(host.service.dispatch(caller, REGION, operation, parameters)).encode())

        def _logs(self, caller: Caller, operation: str, parameters: dict[str, Any]) -> None:
            name = f"{parameters.get('logGroupName')}:{parameters.get('logStreamName', '')}"
            host.refuse(caller, f"logs:{operation}", name)
            if operation == "PutLogEvents":
                host.logs[name] += [event["message"] for event in parameters["logEvents"]]
            elif operation == "CreateLogStream" and f"{parameters['logGroupName']}:" not in host.logs:
                raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
            else:
                host.logs[name] = []
            self._answer(b"{}")

        def _lambda(self, caller: Caller, arn: str, payload: Any) -> None:
            host.refuse(caller, "lambda:InvokeFunction", arn)
            try:
                self._answer(json.dumps(host.functions[arn](payload)).encode())
            except Exception as error:
                self._answer(
                    json.dumps({"errorMessage": str(error)}).encode(), headers={"X-Amz-Function-Error": "Unhandled"}
                )

        def _s3(self, caller: Caller, path: str, body: bytes) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if self.command == "PUT":
                host.refuse(caller, "s3:PutObject", path)
                host.objects[path] = body
                host.encryption[path] = self.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
                self._answer(b"")
            elif "list-type" in query:
                host.refuse(caller, "s3:ListBucket", path)
                self._answer(_listed(path.rstrip("/"), query))
            elif path in host.objects:
                host.refuse(caller, "s3:GetObject", path)
                self._answer(host.objects[path])
            else:
                self._answer(b"<Error><Code>NoSuchKey</Code><Message>No such key</Message></Error>", 404)

    def _listed(bucket: str, query: dict[str, str]) -> bytes:
        prefix = f"{bucket}/{query.get('prefix', '')}"
        start = query.get("continuation-token", "")
        keys = sorted(k.partition("/")[2] for k in host.objects if k.startswith(prefix))
        keys = [key for key in keys if key > start]
        shown = keys[: host.page_size]
        contents = "".join(f"<Contents><Key>{xml.sax.saxutils.escape(key)}</Key></Contents>" for key in shown)
        more = len(keys) > len(shown)
        token = f"<NextContinuationToken>{shown[-1]}</NextContinuationToken>" if more else ""
        truncated = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        return f"<ListBucketResult>{truncated}{token}{contents}</ListBucketResult>".encode()

    return Handler
