"""Continuous delivery: what the stages of the Jenkinsfile do, one module each, on an agent of Jenkins."""
