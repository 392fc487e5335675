"""A server with the Python SDK of a protocol version.

    python server.py VERSION (stdio | http PORT | stateless PORT | sse PORT)

`stateless` keeps no session and answers with JSON; it and `http` listen on /mcp, `sse` on /sse. The SDK is the newest
whose latest version is the one named.
"""

import os
import sys
import warnings
from importlib.metadata import distributions
from pathlib import Path

import anyio

VERSION, TRANSPORT, *PORT = sys.argv[1:]
HOME = Path(__file__).parent
os.environ.setdefault("INTEROP_SURFACE", str(HOME.parent / "surface.json"))
warnings.simplefilter("ignore")

if VERSION == "2026-07-28":
    import modern as server

    RELEASE = next(one.version for one in distributions(name="mcp"))
else:
    SDK = HOME.parent / f"sdk-{VERSION}"
    sys.path.insert(0, str(SDK))
    import legacy as server

    RELEASE = next(one.version for one in distributions(name="mcp", path=[str(SDK)]))

RUN = {
    "stdio": lambda: server.stdio(RELEASE),
    "http": lambda: server.http(RELEASE, int(PORT[0]), False),
    "stateless": lambda: server.http(RELEASE, int(PORT[0]), True),
    "sse": lambda: server.sse(RELEASE, int(PORT[0])),
}
anyio.run(RUN[TRANSPORT])
