"""Models: what a transform job loads, from an image and an artifact or from a registered version."""

from __future__ import annotations

from sandbox.host import ServiceError
from sandbox.sagemaker.listing import Listing, filtered, page
from sandbox.sagemaker.registry import Registry
from sandbox.sagemaker.scope import Request, Scope
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.tags import Tags

MODEL = "model"
_LISTING = Listing(
    member="Models", name="ModelName", identity="ModelArn", sort={"Name": "ModelName", "CreationTime": "CreationTime"}
)


class Models:
    """Create, describe, list and delete models."""

    def __init__(self, scope: Scope, tags: Tags, registry: Registry) -> None:
        self._scope = scope
        self._state = scope.state
        self._tags = tags
        self._registry = registry

    def find(self, request: Request) -> Document:
        """The model that the request names. Raises :class:`ServiceError`."""
        arn = str(request.own(MODEL, request.parameters["ModelName"]))
        model = self._state.get(MODEL, arn)
        if model is None:
            raise ServiceError("ValidationException", f'Could not find model "{arn}".')
        return model

    def create_model(self, request: Request) -> Document:
        """CreateModel; a version of another account needs ``sagemaker:CreateModel`` from its group's policy.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
        """
        parameters = request.parameters
        arn = str(request.own(MODEL, parameters["ModelName"]))
        containers = parameters.get("Containers") or [parameters.get("PrimaryContainer")]
        if containers == [None] or ("Containers" in parameters and "PrimaryContainer" in parameters):
            raise ServiceError("ValidationException", "Specify either PrimaryContainer or Containers.")
        if len(containers) > 1:
            raise ServiceError("ValidationException", "The sandbox does not implement models of several containers.")
        if "ExecutionRoleArn" not in parameters:
            raise ServiceError("ValidationException", "ExecutionRoleArn must be specified.")
        runs = self._runs(request, containers[0])
        with self._state.lock:
            if self._state.get(MODEL, arn) is not None:
                raise ServiceError("ValidationException", f'Cannot create already existing model "{arn}".')
            self._tags.attach(arn, parameters)
            self._state.put(
                MODEL,
                arn,
                {
                    "EnableNetworkIsolation": False,
                    **{name: value for name, value in parameters.items() if name != "Tags"},
                    "ModelArn": arn,
                    "CreationTime": self._scope.host.now(),
                    "Runs": runs,
                },
            )
        return {"ModelArn": arn}

    def _runs(self, request: Request, container: Document) -> Document:
        """Image, artifact and environment that a container means."""
        if "ModelPackageName" not in container:
            if "Image" not in container:
                raise ServiceError("ValidationException", "A container needs Image or ModelPackageName.")
            return {name: container[name] for name in ("Image", "ModelDataUrl", "Environment") if name in container}
        if "Image" in container or "ModelDataUrl" in container:
            raise ServiceError(
                "ValidationException", "A container with ModelPackageName cannot have Image or ModelDataUrl."
            )
        package = self._registry.find(request, container["ModelPackageName"], "sagemaker:CreateModel")
        specified = package.get("InferenceSpecification", {}).get("Containers", [])
        if len(specified) != 1:
            raise ServiceError("ValidationException", "The sandbox runs model packages of exactly one container.")
        runs = {name: specified[0][name] for name in ("Image", "ModelDataUrl") if name in specified[0]}
        environment = {**specified[0].get("Environment", {}), **container.get("Environment", {})}
        return {**runs, "Environment": environment}

    def describe_model(self, request: Request) -> Document:
        """DescribeModel."""
        return self._scope.api.answer(request.operation, self.find(request))

    def list_models(self, request: Request) -> Document:
        """ListModels of the caller's account."""
        models = self._state.documents(MODEL, request.own_prefix(MODEL))
        models = filtered(models, request.parameters, name=_LISTING.name)
        kept, token = page(models, request.parameters, _LISTING)
        summaries = self._scope.api.summaries(request.operation, _LISTING.member, kept)
        return {_LISTING.member: summaries, **({"NextToken": token} if token else {})}

    def delete_model(self, request: Request) -> Document:
        """DeleteModel."""
        with self._state.lock:
            arn = self.find(request)["ModelArn"]
            self._state.delete(MODEL, arn)
            self._tags.forget(arn)
        return {}
