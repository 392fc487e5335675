"""The Python SDK 2.x, as a 2026-07-28 client."""

import base64
import os
from contextlib import asynccontextmanager

import anyio
import httpx2
import mcp_types as types
from common import BAD_FORMS, KIND, ME, TARGET, E, Peer, Rows, fails, logs_from, ok, question, same, show, wire
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

HTTP = KIND == "--http"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
ROWS = (
    "connect discover list_tools list_resources list_templates list_prompts caching bad_cursor echo structured "
    "structured_values tool_error protocol_error panic big describe_call progress cancel timeout logs header_params "
    "missing_capability ask_form ask_url ask_sample ask_sample_tools ask_roots ask_all ask_rounds ask_once "
    "request_state listen_tools listen_prompts listen_resources resource_updated read_unknown ask_resource "
    "prompt_plain prompt_arguments prompt_content ask_prompt complete_prompt complete_context complete_template"
)


class ModernPeer(Peer):
    """With the headers that were sent, and the callbacks of this SDK."""

    def __init__(self):
        super().__init__()
        self.headers = []

    async def elicit(self, _context, params):
        return types.ElicitResult.model_validate(await self.ask("elicit", params))

    async def sample(self, _context, params):
        answer = await self.ask("sample", params)
        kind = types.CreateMessageResultWithTools if isinstance(answer["content"], list) else types.CreateMessageResult
        return kind.model_validate(answer)

    async def roots(self, _context):
        return types.ListRootsResult.model_validate(await self.ask("roots", {}))

    async def on_request(self, request):
        self.headers.append(dict(request.headers))


def opened(peer=None):
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
    return Client(transport, client_info=types.Implementation(**ME), read_timeout_seconds=20, mode="auto", **callbacks)


@asynccontextmanager
async def connect():
    peer = ModernPeer()
    async with opened(peer) as client:
        yield ModernRows(client, peer)


class ModernRows(Rows):
    TIMEOUT = types.REQUEST_TIMEOUT

    def __init__(self, client, peer):
        self.client = client
        self.peer = peer
        self.lists = {
            "tools/list": client.list_tools,
            "prompts/list": client.list_prompts,
            "resources/list": client.list_resources,
            "resources/templates/list": client.list_resource_templates,
        }

    async def call(self, name, args=None, seconds=None, **options):
        return wire(await self.client.call_tool(name, args or {}, read_timeout_seconds=seconds, **options))

    async def first_round(self, name, args=None, **options):
        return await self.client.session.call_tool(name, args or {}, allow_input_required=True, **options)

    async def listing(self, method, cursor=None):
        return wire(await self.lists[method](cursor=cursor, cache_mode="bypass"))

    async def read(self, uri):
        return wire(await self.client.read_resource(uri, cache_mode="bypass"))

    async def prompt(self, name, args=None):
        return wire(await self.client.get_prompt(name, args))

    async def completion(self, ref, name, value, context=None):
        kind = types.PromptReference if ref["type"] == "ref/prompt" else types.ResourceTemplateReference
        ref = kind.model_validate(ref)
        return wire((await self.client.complete(ref, {"name": name, "value": value}, context)).completion)

    # rows

    async def connect(self):
        return self.agreed(self.client.protocol_version, wire(self.client.server_info))

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

    async def caching(self):
        def hint(result):
            return {key: result.get(key) for key in ("ttlMs", "cacheScope")}

        for method in self.lists:
            same(method, hint(await self.listing(method)), E["caching"]["lists"])
        for uri, want in (("everything://greeting", "static"), ("everything://counter", "counter")):
            same(uri, hint(await self.read(uri)), E["caching"][want])

    async def describe_call(self):
        got = await self.structured("describe_call")
        same("protocolVersion", got["protocolVersion"], E["revision"])
        same("clientInfo", got["clientInfo"], ME)
        capabilities = got["clientCapabilities"]
        same("kinds", sorted(capabilities), ["elicitation", "roots", "sampling"])
        same("elicitation", capabilities["elicitation"], {"form": {}, "url": {}})
        same("sampling", capabilities["sampling"], {"tools": {}})

    async def logs(self):
        for level, first in (("warning", 3), ("debug", 0), (None, 8)):
            self.peer.logs.clear()
            meta = {LOG_LEVEL: level} if level else None
            same("answer", await self.text_of("log_levels", meta=meta), "logged 8 messages")
            await anyio.sleep(0.05)
            same(f"logs at {level}", self.peer.logs, logs_from(first))

    async def header_params(self):
        await self.pages("tools/list", "tools", len(E["tools"]))
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
        async with opened() as bare:
            await fails(
                "undeclared",
                -32021,
                bare.call_tool("needs_sampling", {}),
                lambda error: same("data", error.data["requiredCapabilities"], {"sampling": {}}),
            )

    async def ask_form(self):
        await self.fill_form()
        first = await self.first_round("ask_form")
        same("round", [first.result_type, list(first.input_requests)], ["input_required", ["form"]])
        for content in BAD_FORMS:
            responses = {"form": types.ElicitResult(action="accept", content=content)}
            again = self.first_round("ask_form", input_responses=responses, request_state=first.request_state)
            await fails("bad answer", -32602, again)

    async def ask_all(self):
        first = await self.first_round("ask_all")
        same("one round", sorted(first.input_requests), ["confirm", "roots", "sample"])
        same("confirm", question(wire(first.input_requests["confirm"].params)), E["confirm"])
        same("sample", question(wire(first.input_requests["sample"].params)), E["sampleAll"])
        await self.answer_all()

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

    async def list_changed(self, what, tool, item):
        await self.call(tool, {"present": False})
        async with self.client.listen(**{f"{what}_list_changed": True}) as events:
            same("acknowledged", wire(events.honored), {f"{what}ListChanged": True})
            for present in (True, False):
                said = f"{item} is {'present' if present else 'absent'}"
                same("answer", await self.text_of(tool, {"present": present}), said)
                with anyio.fail_after(5):
                    event = await anext(events)
                same("event", type(event).__name__, f"{what.capitalize()}ListChanged")
                names = [one["name"] for one in await self.pages(f"{what}/list", what)]
                same("listed", item in names, present)
                same("again", await self.text_of(tool, {"present": present}), said)
                with anyio.move_on_after(0.15):
                    raise AssertionError(f"an event without a change: {await anext(events)}")

    async def resource_updated(self):
        before = await self.counter()
        async with self.client.listen(resource_subscriptions=["everything://counter"]) as events:
            same("acknowledged", wire(events.honored), {"resourceSubscriptions": ["everything://counter"]})
            await self.touch("everything://greeting")
            await self.touch("everything://counter")
            with anyio.fail_after(5):
                event = await anext(events)
            same("event", [type(event).__name__, str(event.uri)], ["ResourceUpdated", "everything://counter"])
            with anyio.move_on_after(0.15):
                raise AssertionError(f"another event: {await anext(events)}")
        same("counter", await self.counter(), before + 1)
        same("no such resource", (await self.call("touch_resource", {"uri": "everything://nowhere"}))["isError"], True)
