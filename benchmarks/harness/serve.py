"""Run one app under uvicorn on a loopback port of its own, pinned, and say the port.

`python -m benchmarks.harness.serve module:app`. Runs in the peers' environment too, so it imports nothing of ours but
the pinning.
"""

import os
import sys

import uvicorn

from benchmarks.harness.worker import pin


def main() -> None:
    """Bind first, so that no other process can take the port between; the parent reads it from standard output."""
    pin()
    config = uvicorn.Config(
        sys.argv[1],
        host="127.0.0.1",
        port=int(os.environ.get("BENCH_PORT", "0")),
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
        # A peer that hashes on its event loop stalls longer than the default (5 s) and would hang up on its clients.
        timeout_keep_alive=120,
    )
    listener = config.bind_socket()
    listener.listen(config.backlog)  # who comes before the app has started waits
    os.write(1, f"{listener.getsockname()[1]}\n".encode())
    os.dup2(2, 1)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
