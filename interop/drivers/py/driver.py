"""Drives a server with the Python SDK as a 2026-07-28 client and prints one JSON line per feature.

    python driver.py [--only ROW,ROW] (--stdio COMMAND ARG... | --http URL)

The values asserted are those of ../expect.json; what they mean is written in ../../everything.md.
"""

import base64
import json
import logging
import os
import sys
import traceback
import warnings
from pathlib import Path

import anyio
import httpx2
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

E = json.loads(Path(os.environ.get("INTEROP_EXPECT", Path(__file__).parent.parent / "expect.json")).read_text())
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
ME = {"name": "interop-py", "version": "1.0.0", "title": "Interop driver"}
TARGET: list[str] = []
HTTP = False


# --- assertions ------------------------------------------------------------------------------------------------


def show(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def same(what, got, want):
    # A comparison of JSON texts would tell 5 from 5.0, one of values would call 1 and True equal.
    if got != want or shape(got) != shape(want):
        raise AssertionError(f"{what}: got {show(got)[:600]}, want {show(want)[:600]}")


def shape(value):
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def ok(what, condition, detail=""):
    if not condition:
        raise AssertionError(f"{what} {detail}")


async def fails(what, code, awaitable, check=None):
    try:
        result = await awaitable
    except MCPError as error:
        if error.code != code:
            raise AssertionError(f"{what}: failed with {error.code} {error.message}, want {code}") from None
        if check:
            check(error)
        return
    raise AssertionError(f"{what}: got {show(wire(result))[:300]}, want error {code}")


async def until(what, condition, seconds=5.0):
    end = anyio.current_time() + seconds
    while (got := await condition()) is not True:
        if anyio.current_time() > end:
            raise AssertionError(f"{what}: not within {seconds} s, last {show(got)}")
        await anyio.sleep(0.02)


def wire(model):
    """A model as the JSON that was sent: no member that was absent, names as on the wire."""
    if isinstance(model, list):
        return [wire(one) for one in model]
    if isinstance(model, dict):
        return {key: wire(one) for key, one in model.items()}
    if hasattr(model, "model_dump"):
        return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return model


def text(value):
    return [{"type": "text", "text": value}]


# --- connection ------------------------------------------------------------------------------------------------


class Peer:
    """One connection, with the questions, logs and headers it saw."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.logs = []
        self.headers = []

    def _ask(self, what, params):
        self.asked.append(question(wire(params)))
        if what not in self.answers:
            raise AssertionError(f"the server asked for {what}, which no row expects here")
        return self.answers[what](self.asked[-1], len(self.asked))

    async def elicit(self, _context, params):
        return types.ElicitResult.model_validate(self._ask("elicit", params))

    async def sample(self, _context, params):
        answer = self._ask("sample", params)
        kind = types.CreateMessageResultWithTools if isinstance(answer["content"], list) else types.CreateMessageResult
        return kind.model_validate(answer)

    async def roots(self, _context):
        return types.ListRootsResult.model_validate(self._ask("roots", {}))

    async def log(self, params):
        self.logs.append(wire(params))

    async def on_request(self, request):
        self.headers.append(dict(request.headers))


def connect(peer=None, log_level=None):
    if HTTP:
        hooks = {"request": [peer.on_request]} if peer else {}
        client = httpx2.AsyncClient(timeout=httpx2.Timeout(30, read=60), event_hooks=hooks)
        transport = streamable_http_client(TARGET[0], http_client=client)
    else:
        server = StdioServerParameters(command=TARGET[0], args=TARGET[1:], env=dict(os.environ))
        transport = stdio_client(server)
    callbacks = {}
    if peer:
        callbacks = dict(
            elicitation_callback=peer.elicit,
            sampling_callback=peer.sample,
            sampling_capabilities=types.SamplingCapability(tools=types.SamplingToolsCapability()),
            list_roots_callback=peer.roots,
            logging_callback=peer.log,
        )
    return Client(
        transport,
        client_info=types.Implementation(**ME),
        read_timeout_seconds=20,
        log_level=log_level,
        mode="auto",
        **callbacks,
    )


def question(params):
    """What a question says, without the parts that may be left out."""
    params = {key: value for key, value in params.items() if key != "_meta"}
    if "requestedSchema" in params:
        schema = {key: value for key, value in params["requestedSchema"].items() if key != "$schema"}
        return {"mode": "form", **params, "requestedSchema": schema}
    return params


def accept(content):
    return lambda _params, _round: {"action": "accept", "content": content}


def say(action):
    return lambda _params, _round: {"action": action}


class Rows:
    """One method per row; its name is the feature."""

    def __init__(self, client, peer):
        self.client = client
        self.peer = peer

    # helpers

    async def call(self, name, args=None, **options):
        return await self.client.call_tool(name, args or {}, **options)

    async def first_round(self, name, args=None, **options):
        return await self.client.session.call_tool(name, args or {}, allow_input_required=True, **options)

    async def text_of(self, name, args=None, **options):
        result = await self.call(name, args, **options)
        content = wire(result.content)
        ok(f"{name} answers without isError", not result.is_error, show(content))
        ok(f"{name} answers one text", len(content) == 1 and content[0]["type"] == "text", show(content))
        ok(f"{name} has no structured content", result.structured_content is None)
        return content[0]["text"]

    async def structured(self, name, args=None, **options):
        result = await self.call(name, args, **options)
        content = wire(result.content)
        ok(f"{name} answers without isError", not result.is_error, show(content))
        ok(f"{name} has structured content", "structured_content" in result.model_fields_set, show(wire(result)))
        ok(f"{name} has one text twin", len(content) == 1 and content[0]["type"] == "text", show(content))
        same(f"{name}: text twin", json.loads(content[0]["text"]), result.structured_content)
        return result.structured_content

    async def pages(self, fetch, key, count):
        items, cursor, seen = [], None, 0
        while True:
            page = await fetch(cursor=cursor, cache_mode="bypass")
            items += wire(getattr(page, key))
            cursor, seen = page.next_cursor, seen + 1
            ok("pages end", seen < 50)
            if cursor is None:
                break
        same("pages", seen, -(-count // E["pageSize"]))
        return items

    async def asking(self, answers, body):
        self.peer.asked.clear()
        self.peer.answers = answers
        try:
            return await body, list(self.peer.asked)
        finally:
            self.peer.answers = {}

    async def cancelled(self):
        return (await self.structured("cancelled_count"))["cancelled"]

    # rows

    async def connect(self):
        same("revision", self.client.protocol_version, E["revision"])
        info = wire(self.client.server_info)
        ok("the server names a version", info.pop("version"))
        same("serverInfo", info, E["serverInfo"])
        return E["revision"]

    async def discover(self):
        got = wire(await self.client.session.discover())
        ok("supportedVersions", E["revision"] in got["supportedVersions"], show(got["supportedVersions"]))
        same("instructions", got["instructions"], E["instructions"])
        c = got["capabilities"]
        same("tools", c["tools"]["listChanged"], True)
        same("prompts", c["prompts"]["listChanged"], True)
        same("resources", [c["resources"]["listChanged"], c["resources"]["subscribe"]], [True, True])
        ok("completions and logging", "completions" in c and "logging" in c, show(c))
        same("cache", {key: got[key] for key in ("ttlMs", "cacheScope")}, E["caching"]["lists"])

    async def list_tools(self):
        tools = await self.pages(self.client.list_tools, "tools", len(E["tools"]))
        same("names", [tool["name"] for tool in tools], E["tools"])
        by = {tool["name"]: tool for tool in tools}
        echo = dict(by["echo"])
        schema = echo.pop("inputSchema")
        same("echo", echo, E["echoTool"])
        got = [schema["type"], list(schema["properties"]), schema["properties"]["message"]["type"], schema["required"]]
        same("echo schema", got, ["object", ["message"], "string", ["message"]])
        for name, kinds in E["outputTypes"].items():
            ok(f"output schema of {name}", by[name]["outputSchema"]["type"] in kinds, show(by[name]))
        same("sum", by["add"]["outputSchema"]["required"], ["sum"])
        for name, header in E["headerNames"].items():
            properties = by["header_params"]["inputSchema"]["properties"]
            same(f"x-mcp-header of {name}", properties[name].get("x-mcp-header"), header)

    async def list_resources(self):
        same("resources", await self.pages(self.client.list_resources, "resources", len(E["resources"])), E["resources"])

    async def list_templates(self):
        got = await self.pages(self.client.list_resource_templates, "resource_templates", len(E["templates"]))
        same("templates", got, E["templates"])

    async def list_prompts(self):
        prompts = await self.pages(self.client.list_prompts, "prompts", len(E["prompts"]))
        for prompt in prompts:
            if prompt.get("arguments") == []:
                del prompt["arguments"]
            for argument in prompt.get("arguments", []):
                if argument.get("required") is False:
                    del argument["required"]
        same("prompts", prompts, E["prompts"])

    async def caching(self):
        def hint(result):
            return {"ttlMs": result.ttl_ms, "cacheScope": result.cache_scope}

        c = self.client
        for fetch in (c.list_tools, c.list_resources, c.list_resource_templates, c.list_prompts):
            same(fetch.__name__, hint(await fetch(cache_mode="bypass")), E["caching"]["lists"])
        for uri, want in (("everything://greeting", "static"), ("everything://counter", "counter")):
            same(uri, hint(await c.read_resource(uri, cache_mode="bypass")), E["caching"][want])

    async def bad_cursor(self):
        c = self.client
        for fetch in (c.list_tools, c.list_resources, c.list_resource_templates, c.list_prompts):
            await fails(fetch.__name__, -32602, fetch(cursor="no such cursor"))

    async def echo(self):
        for message in E["hostile"]:
            same("echo", await self.text_of("echo", {"message": message}), message)
        got = {}

        async def one(i):
            got[i] = await self.text_of("echo", {"message": f"call {i}"})

        async with anyio.create_task_group() as group:
            for i in range(50):
                group.start_soon(one, i)
        same("50 at once", [got[i] for i in range(50)], [f"call {i}" for i in range(50)])

    async def structured_row(self):
        same("add", await self.structured("add", {"a": 2, "b": 3}), {"sum": 5})
        same("add", await self.structured("add", {"a": 2.5, "b": -0.25}), {"sum": 2.25})

    async def structured_values(self):
        for name, value in E["structured"].items():
            same(name, await self.structured(name), value)

    async def tool_error(self):
        result = await self.call("tool_error")
        same("isError", result.is_error, True)
        same("content", wire(result.content), text("the tool failed on purpose"))
        same("bad arguments", (await self.call("add", {"a": "two", "b": 3})).is_error, True)
        same("missing argument", (await self.call("add", {"a": 2})).is_error, True)

    async def protocol_error(self):
        def check(error):
            same("message", error.message, "refused on purpose")
            same("data", error.data, {"reason": "on purpose"})

        await fails("protocol_error", 4001, self.call("protocol_error"), check)
        await fails("unknown tool", -32602, self.call("no_such_tool"))

    async def panic(self):
        def check(error):
            ok("the message is sanitised", "panicked on purpose" not in error.message, error.message)

        await fails("panic", -32603, self.call("panic", read_timeout_seconds=5), check)
        same("alive", await self.text_of("echo", {"message": "alive"}), "alive")

    async def big(self):
        same("big", await self.text_of("big", {"kib": 1024}), "0123456789abcdef" * 65536)
        same("too big", (await self.call("big", {"kib": 5000})).is_error, True)

    async def describe_call(self):
        got = await self.structured("describe_call")
        same("protocolVersion", got["protocolVersion"], E["revision"])
        same("clientInfo", got["clientInfo"], ME)
        capabilities = got["clientCapabilities"]
        same("kinds", sorted(capabilities), ["elicitation", "roots", "sampling"])
        same("elicitation", capabilities["elicitation"], {"form": {}, "url": {}})
        same("sampling", capabilities["sampling"], {"tools": {}})

    async def progress(self):
        for steps, rest in ((5, 100), (200, 300)):
            got = []

            async def on_progress(progress, total, message):
                got.append([progress, total, message])

            said = await self.text_of("progress", {"steps": steps, "rest_ms": rest}, progress_callback=on_progress)
            same("answer", said, f"done in {steps} steps")
            await anyio.sleep(0.05)
            every = [[i, steps, f"step {i} of {steps}"] for i in range(1, steps + 1)]
            if steps == 5:
                same("steps", got, every)
            else:
                same("last", got[-1], every[-1])
                ok("increasing", all(a[0] < b[0] for a, b in zip(got, got[1:], strict=False)), show(got))
        same("without token", await self.text_of("progress"), "done in 3 steps")
        return f"{len(got)} of 200 arrived"

    async def cancel(self):
        before = await self.cancelled()
        for quiet in (False, True):
            started = anyio.Event()
            outcome = []

            async def on_progress(_progress, _total, _message):
                started.set()

            async def run():
                options = {} if quiet else {"progress_callback": on_progress}
                await self.call("slow", {"seconds": 15, "quiet": quiet}, **options)
                outcome.append("answered")

            async with anyio.create_task_group() as group:
                group.start_soon(run)
                if quiet:
                    await anyio.sleep(0.2)
                else:
                    with anyio.fail_after(5):
                        await started.wait()
                group.cancel_scope.cancel()
            same("here", outcome, [])
            want = before + (2 if quiet else 1)

            async def counted():
                now = await self.cancelled()
                return now == want or {"quiet": quiet, "now": now, "want": want}

            await until("cancelled at the server", counted)

    async def timeout(self):
        before = await self.cancelled()
        try:
            await self.call("slow", {"seconds": 7, "quiet": True}, read_timeout_seconds=0.3)
            raise AssertionError("the call was answered")
        except MCPError as error:
            same("code", error.code, types.REQUEST_TIMEOUT)

        async def counted():
            return await self.cancelled() == before + 1

        await until("cancelled at the server", counted)

    async def logs(self):
        for level, first in (("warning", 3), ("debug", 0), (None, 8)):
            self.peer.logs.clear()
            meta = {LOG_LEVEL: level} if level else None
            same("answer", await self.text_of("log_levels", meta=meta), "logged 8 messages")
            await anyio.sleep(0.05)
            want = [
                {"level": one, "logger": "everything", "data": {"message": f"a message at level {one}"}}
                for one in E["levels"][first:]
            ]
            got = [{key: value for key, value in one.items() if key != "_meta"} for one in self.peer.logs]
            same(f"logs at {level}", got, want)

    async def header_params(self):
        await self.pages(self.client.list_tools, "tools", len(E["tools"]))
        for args in (
            {"region": "eu-west-1", "count": 3, "verbose": True, "plain": "x"},
            {"region": " Zürich\n=?base64?", "count": -7, "verbose": False},
        ):
            self.peer.headers.clear()
            same("answer", await self.structured("header_params", args), args)
            if not HTTP:
                continue
            sent = self.peer.headers[-1]
            b64 = f"=?base64?{base64.b64encode(args['region'].encode()).decode()}?="
            same("Mcp-Param-Region", sent.get("mcp-param-region"), args["region"] if "plain" in args else b64)
            same("Mcp-Param-Count", sent.get("mcp-param-count"), str(args["count"]))
            same("Mcp-Param-Verbose", sent.get("mcp-param-verbose"), "true" if args["verbose"] else "false")
            same("Mcp-Name", sent.get("mcp-name"), "header_params")
            same("Mcp-Method", sent.get("mcp-method"), "tools/call")
        if not HTTP:
            return
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": E["revision"],
            "mcp-method": "tools/call",
            "mcp-name": "header_params",
            "mcp-param-region": "a",
            "mcp-param-count": "4",
            "mcp-param-verbose": "true",
        }
        meta = {
            "io.modelcontextprotocol/protocolVersion": E["revision"],
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        arguments = {"region": "a", "count": 3, "verbose": True}
        params = {"name": "header_params", "arguments": arguments, "_meta": meta}
        body = {"jsonrpc": "2.0", "id": "by-hand", "method": "tools/call", "params": params}
        async with httpx2.AsyncClient() as bare:
            response = await bare.post(TARGET[0], headers=headers, json=body)
        answer = response.json()
        got = [response.status_code, answer.get("error", {}).get("code"), answer.get("id")]
        same("mismatch", got, [400, -32020, "by-hand"])

    async def missing_capability(self):
        same("declared", await self.text_of("needs_sampling"), "sampling is declared")
        async with connect() as bare:
            await fails(
                "undeclared",
                -32021,
                bare.call_tool("needs_sampling", {}),
                lambda error: same("data", error.data["requiredCapabilities"], {"sampling": {}}),
            )

    async def ask_form(self):
        result, questions = await self.asking({"elicit": accept(E["formAnswer"])}, self.structured("ask_form"))
        same("question", questions, [E["form"]])
        same("answer", result, {"action": "accept", "content": E["formAnswer"]})
        for action in ("decline", "cancel"):
            result, _ = await self.asking({"elicit": say(action)}, self.structured("ask_form"))
            same(action, result, {"action": action})
        first = await self.first_round("ask_form")
        same("round", [first.result_type, list(first.input_requests)], ["input_required", ["form"]])
        for content in ({"age": 36}, {"name": "Ada", "age": 200}, {"name": "Ada", "age": 36, "color": "mauve"}):
            responses = {"form": types.ElicitResult(action="accept", content=content)}
            again = self.first_round("ask_form", input_responses=responses, request_state=first.request_state)
            await fails("bad answer", -32602, again)

    async def ask_url(self):
        result, questions = await self.asking({"elicit": say("accept")}, self.structured("ask_url"))
        same("question", questions, [E["url"]])
        same("answer", result, {"action": "accept"})
        result, _ = await self.asking({"elicit": say("decline")}, self.structured("ask_url"))
        same("decline", result, {"action": "decline"})

    async def ask_sample(self):
        answers = {"sample": lambda _params, _round: E["sampleAnswer"]}
        result, questions = await self.asking(answers, self.structured("ask_sample", {"prompt": "Tie a knot."}))
        same("question", questions, [E["sample"]])
        same("answer", result, E["sampleResult"])

    async def ask_sample_tools(self):
        def blocks(params):
            messages = []
            for message in params["messages"]:
                content = message["content"]
                messages.append({"role": message["role"], "content": content if isinstance(content, list) else [content]})
            return {**params, "messages": messages}

        answers = {"sample": lambda _params, turn: E["sampleToolsAnswers"][turn - 1]}
        result, questions = await self.asking(answers, self.structured("ask_sample_tools"))
        same("questions", [blocks(one) for one in questions], [blocks(one) for one in E["sampleTools"]])
        same("answer", result, {"rounds": 2, "text": "It is 12 metres deep."})

    async def ask_roots(self):
        answers = {"roots": lambda _params, _round: {"roots": E["roots"]}}
        result, questions = await self.asking(answers, self.structured("ask_roots"))
        same("questions", len(questions), 1)
        same("answer", result, {"roots": E["roots"]})

    async def ask_all(self):
        first = await self.first_round("ask_all")
        same("one round", sorted(first.input_requests), ["confirm", "roots", "sample"])
        same("confirm", question(wire(first.input_requests["confirm"].params)), E["confirm"])
        same("sample", question(wire(first.input_requests["sample"].params)), E["sampleAll"])
        answers = {
            "elicit": accept({"agree": True}),
            "sample": lambda _params, _round: {**E["sampleAnswer"], "content": {"type": "text", "text": "yes"}},
            "roots": lambda _params, _round: {"roots": E["roots"]},
        }
        result, questions = await self.asking(answers, self.structured("ask_all"))
        same("questions", len(questions), 3)
        same("answer", result, {"action": "accept", "text": "yes", "roots": 2})

    async def ask_rounds(self):
        answers = {"elicit": lambda _params, turn: {"action": "accept", "content": {"value": "abc"[turn - 1]}}}
        result, questions = await self.asking(answers, self.text_of("ask_rounds"))
        same("questions", questions, E["rounds"])
        same("answer", result, "a, b, c")

        def stop(_params, turn):
            return {"action": "accept", "content": {"value": "a"}} if turn == 1 else {"action": "decline"}

        result, questions = await self.asking({"elicit": stop}, self.call("ask_rounds"))
        got = [result.is_error, wire(result.content), len(questions)]
        same("declined", got, [True, text("stopped at second"), 2])

    async def ask_once(self):
        result, questions = await self.asking({"elicit": accept({"agree": True})}, self.structured("ask_once"))
        same("question", questions, [E["confirm"]])
        same("once", result["ticket"], result["issued"])

    async def request_state(self):
        state = (await self.first_round("ask_rounds")).request_state
        ok("there is a state", isinstance(state, str) and len(state) > 8, state)
        half = len(state) // 2
        altered = state[:half] + ("B" if state[half] == "A" else "A") + state[half + 1 :]
        responses = {"first": types.ElicitResult(action="accept", content={"value": "a"})}

        def retry(name, with_state, args=None):
            return self.first_round(name, args, input_responses=responses, request_state=with_state)

        await fails("altered", -32602, retry("ask_rounds", altered))
        await fails("of another tool", -32602, retry("ask_url", state))
        await fails("of other arguments", -32602, retry("ask_rounds", state, {"other": 1}))
        genuine = await retry("ask_rounds", state)
        same("genuine", list(genuine.input_requests), ["second"])

    async def listen_tools(self):
        await self.list_changed("tools", "change_tools", "extra_tool", self.client.list_tools, "tools")

    async def listen_prompts(self):
        await self.list_changed("prompts", "change_prompts", "extra_prompt", self.client.list_prompts, "prompts")

    async def listen_resources(self):
        fetch = self.client.list_resources
        await self.list_changed("resources", "change_resources", "extra_resource", fetch, "resources")

    async def list_changed(self, what, tool, item, fetch, key):
        await self.call(tool, {"present": False})
        async with self.client.listen(**{f"{what}_list_changed": True}) as events:
            same("acknowledged", wire(events.honored), {f"{what}ListChanged": True})
            for present in (True, False):
                said = f"{item} is {'present' if present else 'absent'}"
                same("answer", await self.text_of(tool, {"present": present}), said)
                with anyio.fail_after(5):
                    event = await anext(events)
                same("event", type(event).__name__, f"{what.capitalize()}ListChanged")
                names, cursor = [], None
                while True:
                    page = await fetch(cursor=cursor, cache_mode="bypass")
                    names += [one.name for one in getattr(page, key)]
                    if (cursor := page.next_cursor) is None:
                        break
                same("listed", item in names, present)
                same("again", await self.text_of(tool, {"present": present}), said)
                with anyio.move_on_after(0.15):
                    raise AssertionError(f"an event without a change: {await anext(events)}")

    async def resource_updated(self):
        async def counter():
            result = await self.client.read_resource("everything://counter", cache_mode="bypass")
            return int(result.contents[0].text)

        async def touch(uri):
            same("answer", await self.text_of("touch_resource", {"uri": uri}), f"touched {uri}")

        before = await counter()
        async with self.client.listen(resource_subscriptions=["everything://counter"]) as events:
            same("acknowledged", wire(events.honored), {"resourceSubscriptions": ["everything://counter"]})
            await touch("everything://greeting")
            await touch("everything://counter")
            with anyio.fail_after(5):
                event = await anext(events)
            same("event", [type(event).__name__, str(event.uri)], ["ResourceUpdated", "everything://counter"])
            with anyio.move_on_after(0.15):
                raise AssertionError(f"another event: {await anext(events)}")
        same("counter", await counter(), before + 1)
        same("no such resource", (await self.call("touch_resource", {"uri": "everything://nowhere"})).is_error, True)

    async def read(self, uri):
        return await self.client.read_resource(uri, cache_mode="bypass")

    async def read_unknown(self):
        for uri in E["badReads"]["read_unknown"]:
            await fails(uri, -32602, self.read(uri))

    async def ask_resource(self):
        for agree, word in ((True, "yes"), (False, "no")):
            answers = {"elicit": accept({"agree": agree})}
            result, questions = await self.asking(answers, self.read("everything://ask/knots"))
            same("question", questions, [E["askResource"]])
            want = [{"uri": "everything://ask/knots", "mimeType": "text/plain", "text": f"knots: {word}"}]
            same("contents", wire(result.contents), want)

    async def messages(self, name, args=None):
        return wire((await self.client.get_prompt(name, args)).messages)

    async def prompt_plain(self):
        result = await self.client.get_prompt("greet")
        got = {"description": result.description, "messages": wire(result.messages)}
        same("greet", got, E["promptResults"]["greet"])

    async def prompt_arguments(self):
        want, code = E["promptResults"], "fn main() {}"
        got = await self.messages("review", {"language": "Rust", "code": code, "style": "stern"})
        same("review", got, want["review"])
        same("review", await self.messages("review", {"language": "Rust", "code": code}), want["reviewDefault"])
        same("travel", await self.messages("travel", {"country": "France", "city": "Paris"}), want["travel"])
        await fails("missing argument", -32602, self.messages("review", {"language": "Rust"}))
        await fails("unknown prompt", -32602, self.messages("no_such_prompt", {}))

    async def prompt_content(self):
        want = E["promptResults"]
        got = await self.messages("with_resource", {"uri": "everything://greeting"})
        same("with_resource", got, want["with_resource"])
        await fails("unknown resource", -32602, self.messages("with_resource", {"uri": "everything://nowhere"}))
        for name in ("with_image", "with_audio", "with_link"):
            same(name, await self.messages(name), want[name])

    async def ask_prompt(self):
        result, questions = await self.asking({"elicit": accept({"topic": "knots"})}, self.messages("ask_topic"))
        same("question", questions, [E["askTopic"]])
        same("messages", result, E["promptResults"]["ask_topic"])

    async def complete(self, ref, name, value, want, context=None):
        got = (await self.client.complete(ref, {"name": name, "value": value}, context)).completion
        same("values", got.values, want)
        same("total", got.total, len(want))
        ok("hasMore", not got.has_more)

    async def complete_prompt(self):
        travel = types.PromptReference(name="travel")
        await self.complete(travel, "country", "fI", E["completions"]["country"])
        await self.complete(travel, "country", "X", [])
        unknown = types.PromptReference(name="no_such_prompt")
        await fails("unknown prompt", -32602, self.client.complete(unknown, {"name": "a", "value": ""}))

    async def complete_context(self):
        travel, c = types.PromptReference(name="travel"), E["completions"]
        await self.complete(travel, "city", "", c["cities"])
        await self.complete(travel, "city", "", c["cityFrance"], {"country": "France"})
        await self.complete(travel, "city", "p", c["cityP"], {"country": "France"})
        await self.complete(travel, "city", "p", [], {"country": "Japan"})

    async def complete_template(self):
        place = types.ResourceTemplateReference(uri="everything://place/{country}/{city}")
        await self.complete(place, "country", "fi", E["completions"]["country"])
        value = types.ResourceTemplateReference(uri="everything://echo/{value}")
        many = (await self.client.complete(value, {"name": "value", "value": "value_"})).completion
        got = [len(many.values), many.values[99], many.total, many.has_more]
        same("150", got, [100, "value_099", 150, True])
        await self.complete(value, "value", "value_14", [f"value_14{i}" for i in range(10)])

    async def content(self, name):
        same(name, wire((await self.call(name)).content), E["content"][name])

    async def contents(self, name):
        for uri, want in E["reads"][name].items():
            same(uri, wire((await self.read(uri)).contents), want)
        for uri in E["badReads"].get(name, []):
            await fails(uri, -32602, self.read(uri))


ROWS = (
    "connect discover list_tools list_resources list_templates list_prompts caching bad_cursor echo structured "
    "structured_values tool_error protocol_error panic big describe_call progress cancel timeout logs header_params "
    "missing_capability ask_form ask_url ask_sample ask_sample_tools ask_roots ask_all ask_rounds ask_once "
    "request_state listen_tools listen_prompts listen_resources resource_updated read_unknown ask_resource "
    "prompt_plain prompt_arguments prompt_content ask_prompt complete_prompt complete_context complete_template"
).split()


# --- run -------------------------------------------------------------------------------------------------------


def report(feature, good, detail=None):
    print(json.dumps({"feature": feature, "ok": good, "detail": detail or ""}), flush=True)


def said(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if os.environ.get("INTEROP_TRACE"):
        traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


async def run(only):
    peer = Peer()
    names = [*ROWS, *E["content"], *E["reads"]]
    names = [name for name in names if name == "connect" or not only or name in only]
    done = 0
    try:
        async with connect(peer) as client:
            rows = Rows(client, peer)
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


def main():
    global HTTP
    argv = sys.argv[1:]
    only = None
    if argv[:1] == ["--only"]:
        only, argv = argv[1].split(","), argv[2:]
    if len(argv) < 2 or argv[0] not in ("--stdio", "--http"):
        sys.exit("usage: driver.py [--only ROW,ROW] (--stdio COMMAND ARG... | --http URL)")
    HTTP = argv[0] == "--http"
    TARGET.extend(argv[1:])
    anyio.run(run, only)


main()
