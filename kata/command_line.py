"""What a message says to type."""

import os


def run_prefix() -> str:
    """`uv run ` where this process was started so: what a message says to type must work."""
    return "uv run " if "UV_RUN_RECURSION_DEPTH" in os.environ else ""
