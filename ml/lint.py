"""placeholder"""


def lint(definition):
    return []
