"""Addresses of AWS's containers in every region that the SDK knows; each region's registry is an account of its own."""

from __future__ import annotations

from sagemaker.core import image_uris

# The newest that SDK 3.27 knows of each; ml/definitions/README.md says why. "latest" is no alternative: for xgboost the
# SDK takes it for version 0.72.
VERSIONS = {"sklearn": "1.9-0", "xgboost": "3.2-0"}


def find_images() -> dict[str, dict[str, str]]:
    """Region → container → address, for the regions that have all containers."""
    regions = set.intersection(
        *(
            set(image_uris.config_for_framework(framework)["training"]["versions"][version]["registries"])
            for framework, version in VERSIONS.items()
        )
    )
    return {
        region: {
            framework: image_uris.retrieve(framework, region, version=version)
            for framework, version in VERSIONS.items()
        }
        for region in sorted(regions)
    }
