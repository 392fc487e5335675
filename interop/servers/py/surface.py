"""What the server is, whichever SDK serves it. The values are those of surface.json; surface.mjs is its twin."""

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

S = json.loads(Path(os.environ["INTEROP_SURFACE"]).read_text())
PROTOCOL = sys.argv[1]


def since(version):
    """Whether the newest protocol version of the SDK is this one or newer."""
    return PROTOCOL >= version


class Refusal(Exception):
    """An error that goes to the client with its code."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class NeedsInput(Exception):
    """What a server of requests that stand alone answers, to be asked again with the answers."""

    def __init__(self, requests, state):
        super().__init__(state)
        self.requests, self.state = requests, state


SEEN = {"cancelled": 0, "rootsChanged": 0, "sessions": 0}
PRESENT = {"tools": False, "prompts": False, "resources": False}
TOUCHED = 0


def text(value):
    return {"content": [{"type": "text", "text": value}]}


def page(key, what, all_items, cursor):
    if PRESENT.get(what):
        all_items = [*all_items, S["extra"][what]]
    start = 0 if cursor is None else int(cursor) if cursor.isdecimal() else -1
    if not 0 <= start < len(all_items):
        raise Refusal(-32602, "no such cursor")
    # Release 1.8.1 hands no cursor to a server.
    end = start + (S["pageSize"] if since("2025-03-26") else len(all_items))
    more = {"nextCursor": str(end)} if end < len(all_items) else {}
    return {key: all_items[start:end], **more}


def tool(one):
    return one if since("2025-06-18") else {key: value for key, value in one.items() if key != "outputSchema"}


def kind(block):
    newer = {"audio": "2025-03-26", "resource_link": "2025-06-18"}.get(block["type"])
    return newer is None or since(newer)


class Tools:
    """The tools by name. `cx` is the way to the client, as in surface.mjs."""

    async def echo(self, args, cx):
        return text(args["message"])

    async def add(self, args, cx):
        value = {"sum": args["a"] + args["b"]}
        return {**text(json.dumps(value)), **({"structuredContent": value} if since("2025-06-18") else {})}

    async def content(self, args, cx):
        return {"content": [block for block in S["content"] if kind(block)]}

    async def tool_error(self, args, cx):
        return {**text("failed on purpose"), "isError": True}

    async def protocol_error(self, args, cx):
        raise Refusal(4001, "refused on purpose", {"reason": "on purpose"})

    async def progress(self, args, cx):
        steps = args["steps"]
        for step in range(1, steps + 1):
            await cx.progress(step, steps, f"step {step} of {steps}")
        return text(f"done in {steps} steps")

    async def log(self, args, cx):
        if cx.level:
            for level in S["levels"][S["levels"].index(cx.level) :]:
                await cx.log(level, {"message": f"at {level}"})
        return text("logged")

    async def slow(self, args, cx):
        await cx.progress(0, 1, "started")
        await cx.wait(60)
        return text("waited")

    async def counters(self, args, cx):
        return text(json.dumps(SEEN))

    async def ask(self, args, cx):
        wanted = ["form", "sample", "roots"] if args["what"] == "all" else [args["what"]]
        return text(json.dumps(await cx.ask({name: S["questions"][name] for name in wanted})))

    async def change(self, args, cx):
        changed = PRESENT[args["what"]] != args["present"]
        PRESENT[args["what"]] = args["present"]
        if changed:
            await cx.changed(args["what"])
        return text("changed")

    async def touch(self, args, cx):
        global TOUCHED
        TOUCHED += 1
        await cx.updated(args["uri"])
        return text("touched")


TOOLS = Tools()


def no_resource(uri):
    return Refusal(-32602 if since("2026-07-28") else -32002, "no such resource", {"uri": uri})


def contents(uri):
    if uri == "interop://counter":
        return [{"uri": uri, "mimeType": "text/plain", "text": str(TOUCHED)}]
    if echo := re.fullmatch(r"interop://echo\d/([^/]+)", uri):
        return [{"uri": uri, "mimeType": "text/plain", "text": unquote(echo[1])}]
    if uri in S["contents"]:
        return S["contents"][uri]
    raise no_resource(uri)


async def call_tool(params, cx):
    run = getattr(TOOLS, params["name"], None)
    if run is None:
        raise Refusal(-32602, f"unknown tool {params['name']}")
    return await run(params.get("arguments") or {}, cx)


def get_prompt(params):
    args = params.get("arguments") or {}
    said = {
        "greet": "Please greet the reader.",
        "review": f"Review this {args.get('language')} code in a {args.get('style', 'friendly')} style.",
    }.get(params["name"])
    if said is None:
        raise Refusal(-32602, f"unknown prompt {params['name']}")
    message = {"role": "user", "content": {"type": "text", "text": said}}
    return {"description": f"The prompt {params['name']}.", "messages": [message]}


def complete(params):
    values = [one for one in S["languages"] if one.startswith(params["argument"]["value"])]
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


def lists(method, cursor):
    return {
        "tools/list": lambda: page("tools", "tools", [tool(one) for one in S["tools"]], cursor),
        "resources/list": lambda: page("resources", "resources", S["resources"], cursor),
        "resources/templates/list": lambda: page("resourceTemplates", None, S["templates"], cursor),
        "prompts/list": lambda: page("prompts", "prompts", S["prompts"], cursor),
    }[method]()
