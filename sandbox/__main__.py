"""The sandbox's command line: ``python -m sandbox serve --folder F --port P``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from sandbox import process
from sandbox.emulator import server


def main(arguments: list[str]) -> int:
    """Run one command; exit code 0 done, 1 failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="AWS on this machine")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run in the foreground")
    serve.add_argument("--folder", type=Path, required=True, help="where everything is kept")
    serve.add_argument("--port", type=int, required=True, help="port of 127.0.0.1; 0 takes a free one")
    serve.add_argument("--idle-minutes", type=float, default=240.0, help="stop after so long without a request")
    serve.add_argument("--stub-steps", action="store_true", help="for benchmarks: no step of a pipeline runs")
    options = parser.parse_args(arguments)
    # SANDBOX_LOG=DEBUG logs every request's principal, action and resource.
    logging.getLogger("sandbox").setLevel(os.environ.get("SANDBOX_LOG", "WARNING"))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        server.serve(options.folder, options.port, options.idle_minutes, stub_steps=options.stub_steps)
    except process.SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{process.PortTakenError(options.port)} ({error.strerror})\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
