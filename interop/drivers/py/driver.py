"""Drives a server with the Python SDK and prints one JSON line per feature.

    python driver.py [--protocol VERSION] [--only ROW,ROW] (--stdio COMMAND ARG... | --http URL | --sse URL)

Without --protocol it is the SDK 2.x as a 2026-07-28 client, else the newest SDK whose latest version is the one named.
"""

import json
import logging
import os
import sys
import traceback
import warnings
from pathlib import Path

import anyio
from common import ONLY, PROTOCOL, E

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

if PROTOCOL == E["revision"]:
    import modern as sdk
else:
    sys.path.insert(0, str(Path(__file__).parent / f"sdk-{PROTOCOL}"))
    import legacy as sdk


def report(feature, good, detail=None):
    print(json.dumps({"feature": feature, "ok": good, "detail": detail or ""}), flush=True)


def said(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if os.environ.get("INTEROP_TRACE"):
        traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


async def run():
    only = ONLY.split(",") if ONLY else None
    names = [*sdk.ROWS.split(), *E["content"], *E["reads"]]
    names = [name for name in names if name == "connect" or not only or name in only]
    done = 0
    try:
        async with sdk.connect() as rows:
            for name in names:
                if name in E["content"]:
                    row = rows.content(name)
                elif name in E["reads"]:
                    row = rows.contents(name)
                else:
                    row = rows.structured_row() if name == "structured" else getattr(rows, name)()
                try:
                    with anyio.fail_after(30):
                        report(name, True, await row)
                except Exception as error:
                    report(name, False, said(error))
                done += 1
    except Exception as error:
        for name in names[done:]:
            report(name, False, f"connection lost: {said(error)}")


anyio.run(run)
