"""The Python SDK 1.x: for each older protocol version the newest release that speaks nothing newer."""

import inspect
import math
import os
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
from common import BAD_FORMS, KIND, ME, PROTOCOL, TARGET, E, Peer, Rows, accept, fails, logs_from, same, since, text, until, wire
from mcp import types
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamablehttp_client
from pydantic import AnyUrl, RootModel

ROWS = (
    "connect initialize ping list_tools list_resources list_templates list_prompts bad_cursor echo structured "
    "structured_values tool_error protocol_error panic big describe_call progress cancel timeout logs "
    "missing_capability ask_form ask_url ask_sample ask_sample_tools ask_roots ask_all ask_rounds ask_once "
    "listen_tools listen_prompts listen_resources resource_updated read_unknown ask_resource "
    "prompt_plain prompt_arguments prompt_content ask_prompt complete_prompt complete_context complete_template"
)
KNOWN = inspect.signature(ClientSession.__init__).parameters
TRACKS = "progress_callback" in inspect.signature(ClientSession.call_tool).parameters


class LegacyPeer(Peer):
    """With the events that came, and the callbacks of this SDK."""

    def __init__(self):
        super().__init__()
        self.events = []
        self.arrived = 0
        self.progress = {}

    async def elicit(self, _context, params):
        return types.ElicitResult.model_validate(await self.ask("elicit", params))

    async def sample(self, _context, params):
        answer = await self.ask("sample", params)
        with_tools = isinstance(answer["content"], list)
        kind = types.CreateMessageResultWithTools if with_tools else types.CreateMessageResult
        return kind.model_validate(answer)

    async def roots(self, _context):
        return types.ListRootsResult.model_validate(await self.ask("roots", {}))

    async def on_message(self, message):
        note = getattr(message, "root", None)
        method = getattr(note, "method", "")
        if method.endswith("/list_changed"):
            self.events.append(method.split("/")[1])
        elif method == "notifications/resources/updated":
            self.events.append(str(note.params.uri))
        elif method == "notifications/progress" and note.params.progressToken in self.progress:
            params = wire(note.params)
            await self.progress[note.params.progressToken](params["progress"], params["total"], params["message"])

    def callbacks(self):
        every = dict(
            sampling_callback=self.sample,
            list_roots_callback=self.roots,
            logging_callback=self.log,
            message_handler=self.on_message,
            elicitation_callback=self.elicit,
        )
        if "sampling_capabilities" in KNOWN:
            every["sampling_capabilities"] = types.SamplingCapability(tools=types.SamplingToolsCapability())
        return {name: value for name, value in every.items() if name in KNOWN}


def transport():
    if KIND == "--http":
        return streamablehttp_client(TARGET[0])
    if KIND == "--sse":
        return sse_client(TARGET[0])
    return stdio_client(StdioServerParameters(command=TARGET[0], args=TARGET[1:], env=dict(os.environ)))


@asynccontextmanager
async def opened(peer=None):
    """A session, and what `initialize` answered."""
    sender, receiver = anyio.create_memory_object_stream(math.inf)

    async def forward(source):
        async with sender:
            async for message in source:
                if peer and isinstance(getattr(getattr(message, "message", None), "root", None), types.JSONRPCRequest):
                    peer.arrived += 1
                await sender.send(message)

    async with transport() as streams, anyio.create_task_group() as group:
        # The SDK reads no further while it answers a question; what has arrived by then is counted before it.
        group.start_soon(forward, streams[0])
        options = dict(client_info=types.Implementation(**ME), read_timeout_seconds=timedelta(seconds=20))
        async with ClientSession(receiver, streams[1], **options, **(peer.callbacks() if peer else {})) as session:
            yield session, await session.initialize()
        group.cancel_scope.cancel()


@asynccontextmanager
async def connect():
    peer = LegacyPeer()
    async with opened(peer) as (session, result):
        yield LegacyRows(session, peer, wire(result))


LISTS = {
    "tools/list": types.ListToolsResult,
    "prompts/list": types.ListPromptsResult,
    "resources/list": types.ListResourcesResult,
    "resources/templates/list": types.ListResourceTemplatesResult,
}


class LegacyRows(Rows):
    TIMEOUT = 408

    def __init__(self, session, peer, opened):
        self.session = session
        self.peer = peer
        self.opened = opened
        self.last = None

    async def request(self, method, params, result, **options):
        """What the releases have no method for, or each another one."""
        request = RootModel[dict].model_validate({"method": method, "params": params})
        return wire(await self.session.send_request(request, result, **options))

    async def call(self, name, args=None, seconds=None, progress_callback=None):
        self.last = self.session._request_id
        options = {"read_timeout_seconds": timedelta(seconds=seconds)} if seconds else {}
        if not progress_callback:
            return wire(await self.session.call_tool(name, args or {}, **options))
        if TRACKS:
            return wire(await self.session.call_tool(name, args or {}, progress_callback=progress_callback, **options))
        token = f"progress-{self.last}"
        self.peer.progress[token] = progress_callback
        params = {"name": name, "arguments": args or {}, "_meta": {"progressToken": token}}
        return await self.request("tools/call", params, types.CallToolResult)

    async def give_up(self):
        note = {"method": "notifications/cancelled", "params": {"requestId": self.last, "reason": "not wanted any more"}}
        await self.session.send_notification(types.ClientNotification.model_validate(note))

    async def listing(self, method, cursor=None):
        return await self.request(method, {"cursor": cursor} if cursor is not None else None, LISTS[method])

    async def read(self, uri):
        if "://" in uri and str(AnyUrl(uri)) == uri:
            return wire(await self.session.read_resource(AnyUrl(uri)))
        # The SDK would not send it, or in another form.
        return await self.request("resources/read", {"uri": uri}, types.ReadResourceResult)

    async def prompt(self, name, args=None):
        return wire(await self.session.get_prompt(name, args))

    async def completion(self, ref, name, value, context=None):
        params = {"ref": ref, "argument": {"name": name, "value": value}}
        if context:
            params["context"] = {"arguments": context}
        return (await self.request("completion/complete", params, types.CompleteResult))["completion"]

    # rows

    async def connect(self):
        same("offered", types.LATEST_PROTOCOL_VERSION, PROTOCOL)
        return self.agreed(self.opened["protocolVersion"], self.opened["serverInfo"])

    async def initialize(self):
        want = {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "resources": {"subscribe": True, "listChanged": True},
            "logging": {},
            **({"completions": {}} if since("2025-03-26") else {}),
        }
        same("capabilities", self.opened["capabilities"], want)
        same("instructions", self.opened["instructions"], E["instructions"])

    async def ping(self):
        same("answer", wire(await self.session.send_ping()), {})

    async def describe_call(self):
        got = await self.structured("describe_call")
        same("protocolVersion", got["protocolVersion"], PROTOCOL)
        same("clientInfo", got["clientInfo"], ME)
        want = {"sampling": {}, "roots": {"listChanged": True}}
        if since("2025-06-18"):
            want["elicitation"] = {}
        if since("2025-11-25"):
            want |= {"sampling": {"tools": {}}, "elicitation": {"form": {}, "url": {}}}
        same("clientCapabilities", got["clientCapabilities"], want)

    async def logs(self):
        for level, first in ((None, 1), ("warning", 3), ("debug", 0)):
            self.peer.logs.clear()
            if level:
                await self.session.set_logging_level(level)
            same("answer", await self.text_of("log_levels"), "logged 8 messages")
            await anyio.sleep(0.05)
            same(f"logs at {level}", self.peer.logs, logs_from(first))

    async def missing_capability(self):
        same("declared", await self.text_of("needs_sampling"), "sampling is declared")
        if not since("2025-03-26"):
            return "always declared"
        async with opened() as (bare, _):
            await fails(
                "undeclared",
                -32602,
                bare.call_tool("needs_sampling", {}),
                lambda error: same("data", error.data["requiredCapabilities"], {"sampling": {}}),
            )

    async def ask_form(self):
        await self.fill_form()
        for content in BAD_FORMS:
            await self.asking({"elicit": accept(content)}, fails("bad answer", -32602, self.call("ask_form")))

    async def ask_all(self):
        before = self.peer.arrived

        async def three():
            return self.peer.arrived - before == 3 or self.peer.arrived - before

        async def confirm():
            # Nothing is answered before all three are here: so they were asked at once.
            await until("at once", three)
            return {"action": "accept", "content": {"agree": True}}

        questions = await self.answer_all(lambda _params, _round: confirm())
        same("confirm", [one for one in questions if "requestedSchema" in one], [E["confirm"]])
        same("sample", [one for one in questions if "messages" in one], [E["sampleAll"]])

    async def event(self, want):
        async def come():
            return len(self.peer.events) > 0 or self.peer.events

        await until("event", come)
        await anyio.sleep(0.15)
        same("events", self.peer.events, want)

    async def list_changed(self, what, tool, item):
        await self.call(tool, {"present": False})
        await anyio.sleep(0.15)
        for present in (True, False):
            self.peer.events.clear()
            said = f"{item} is {'present' if present else 'absent'}"
            for _ in range(2):
                same("answer", await self.text_of(tool, {"present": present}), said)
            await self.event([what])
            names = [one["name"] for one in await self.pages(f"{what}/list", what)]
            same("listed", item in names, present)

    async def resource_updated(self):
        before, uri = await self.counter(), "everything://counter"
        await self.session.subscribe_resource(AnyUrl(uri))
        self.peer.events.clear()
        await self.touch("everything://greeting")
        await self.touch(uri)
        await self.event([uri])
        same("counter", await self.counter(), before + 1)
        same("no such resource", (await self.call("touch_resource", {"uri": "everything://nowhere"}))["isError"], True)
        await self.session.unsubscribe_resource(AnyUrl(uri))
        await self.touch(uri)
        await self.event([uri])


def lacking(row, said):
    """A row whose call asks for something that the protocol version lacks: refused, and nothing is asked."""

    async def refused(self):
        def ask():
            if row == "ask_resource":
                return self.read("everything://ask/knots")
            return self.prompt("ask_topic") if row == "ask_prompt" else self.call(row)

        async def body():
            # Only tools have results that say that something went wrong.
            if row in ("ask_resource", "ask_prompt"):
                await fails(row, -32603, ask(), lambda error: same("message", error.message, said))
            else:
                result = await ask()
                same("refusal", [result.get("isError"), result["content"]], [True, text(said)])

        _, questions = await self.asking({}, body())
        same("questions", questions, [])
        return "unsupported"

    return refused


for name, lacks in E["legacy"]["lacks"].items():
    if PROTOCOL in lacks:
        setattr(LegacyRows, name, lacking(name, lacks[PROTOCOL]))
