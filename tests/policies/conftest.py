"""The three stacks as the rules see them, declared once."""

from __future__ import annotations

from datetime import date

import pytest
from declared_stacks import Stack
from policies.enforcement import defaults
from policies.judgement import stack_violations, violations

from mlops.project import load_settings

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def stacks() -> dict[str, Stack]:
    """Registry, dev and prod on the committed stack files."""
    return {environment: Stack(settings) for environment, settings in load_settings().items()}


@pytest.fixture(scope="session")
def managed_stacks() -> dict[str, Stack]:
    """The same with ``permissions: managed``."""
    return {
        environment: Stack(settings.model_copy(update={"permissions": "managed"}))
        for environment, settings in load_settings().items()
    }


@pytest.fixture(scope="session")
def judge():
    """Put a rule to a resource of a stack, on a day, with or without a configuration of its own."""

    def run(rule, stack, resource, *, today=TODAY, waivers=(), **config):
        context = stack.context(today=today, config={**defaults(rule), **config})
        return violations(rule, resource, context, waivers)

    return run


@pytest.fixture(scope="session")
def judge_stack():
    """Put a stack rule to resources."""

    def run(rule, stack, resources, *, today=TODAY, waivers=(), **config):
        context = stack.context(today=today, config={**defaults(rule), **config})
        return [message for _, message in stack_violations(rule, resources, context, waivers)]

    return run
