"""Addresses of AWS's containers in every region that the SDK knows; each region's registry is an account of its own."""

from __future__ import annotations

from sagemaker.core import image_uris

# The newest that SDK 3.27 knows of each. XGBoost 3.2-0 runs the built-in algorithm (released June 2026, Python 3.12), and
# has the xgboost 3.2 that the sandbox trains with, so an artifact means the same in both. scikit-learn 1.9-0 goes with the
# sandbox's 1.9; our scripts in it need no more than the standard library.
# "latest" is no alternative: for xgboost it means version 0.72.
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
