"""Addresses of AWS's containers in every region that the SDK knows; each region's registry is an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

from sagemaker.core import image_uris

# The newest that SDK 3.27 knows of each; ml/definitions/README.md says why. "latest" is no alternative: for xgboost the
# SDK takes it for version 0.72.
VERSIONS = {"sklearn": "1.9-0", "xgboost": "3.2-0"}
# Not in every region, and the check that does without it runs in all of them.
MODEL_MONITOR = "model-monitor"


def find_images() -> dict[str, dict[str, str]]:
    """Region → container → address, for the regions that have all containers but Model Monitor's."""
    regions = set.intersection(
        *(
            set(image_uris.config_for_framework(framework)["training"]["versions"][version]["registries"])
            for framework, version in VERSIONS.items()
        )
    )
    return {region: dict(_images_of(region)) for region in sorted(regions)}


def _images_of(region: str) -> Iterator[tuple[str, str]]:
    for framework, version in VERSIONS.items():
        yield framework, image_uris.retrieve(framework, region, version=version)
    (monitor,) = image_uris.config_for_framework(MODEL_MONITOR)["versions"].values()
    if region in monitor["registries"]:
        yield MODEL_MONITOR.replace("-", "_"), image_uris.retrieve(MODEL_MONITOR, region)
