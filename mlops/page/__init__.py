"""The HTML report: what ran, how good the versions are, what drifted, who decided."""
