"""The server with the SDK 2.x: requests that stand alone, over stdio and Streamable HTTP."""

import warnings

import anyio
import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from surface import SEEN, NeedsInput, Refusal, S, call_tool, complete, contents, get_prompt, lists

LEVEL = "io.modelcontextprotocol/logLevel"
CHANGES = {"tools": ToolsListChanged, "prompts": PromptsListChanged, "resources": ResourcesListChanged}
BUS = InMemorySubscriptionBus()


class Context:
    """The way to the client of one request."""

    def __init__(self, cx, params):
        self.cx, self.params = cx, params
        self.level = (cx.meta or {}).get(LEVEL)

    async def progress(self, progress, total, message):
        await self.cx.session.report_progress(progress, total, message)

    async def log(self, level, data):
        await self.cx.session.send_log_message(level=level, data=data, logger="interop", related_request_id=self.cx.request_id)

    async def wait(self, seconds):
        try:
            await anyio.sleep(seconds)
        except anyio.get_cancelled_exc_class():
            SEEN["cancelled"] += 1
            raise

    async def ask(self, wanted):
        state = f"asked for {','.join(wanted)}"
        answers = self.params.input_responses
        if not answers:
            raise NeedsInput(wanted, state)
        if self.params.request_state != state:
            raise Refusal(-32602, f"the state is {self.params.request_state}, not {state}")
        return {name: one.model_dump(mode="json", by_alias=True, exclude_none=True) for name, one in answers.items()}

    async def changed(self, what):
        await BUS.publish(CHANGES[what]())

    async def updated(self, uri):
        await BUS.publish(ResourceUpdated(uri=uri))


def new_server(release):
    def answering(result, handle):
        async def answer(cx, params):
            plain = params.model_dump(mode="json", by_alias=True, exclude_none=True) if params else {}
            try:
                return result.model_validate(await handle(plain, Context(cx, params)))
            except NeedsInput as needs:
                asked = {"resultType": "input_required", "inputRequests": needs.requests, "requestState": needs.state}
                for request in asked["inputRequests"].values():
                    request.get("params", {}).pop("elicitationId", None)
                return types.InputRequiredResult.model_validate(asked)
            except Refusal as error:
                raise MCPError(error.code, error.message, error.data) from None

        return answer

    def of_list(result, method):
        async def handle(params, _):
            return lists(method, params.get("cursor"))

        return answering(result, handle)

    async def read(params, _):
        return {"contents": contents(params["uri"])}

    async def prompt(params, _):
        return get_prompt(params)

    async def completion(params, _):
        return complete(params)

    async def set_level(_cx, _params):
        return types.EmptyResult()

    with warnings.catch_warnings():
        # It is what makes the capability `logging` declared.
        warnings.simplefilter("ignore")
        return Server(
            "interop",
            version=release,
            instructions=S["instructions"],
            on_list_tools=of_list(types.ListToolsResult, "tools/list"),
            on_call_tool=answering(types.CallToolResult, call_tool),
            on_list_resources=of_list(types.ListResourcesResult, "resources/list"),
            on_list_resource_templates=of_list(types.ListResourceTemplatesResult, "resources/templates/list"),
            on_read_resource=answering(types.ReadResourceResult, read),
            on_list_prompts=of_list(types.ListPromptsResult, "prompts/list"),
            on_get_prompt=answering(types.GetPromptResult, prompt),
            on_completion=answering(types.CompleteResult, completion),
            on_set_logging_level=set_level,
            on_subscriptions_listen=ListenHandler(BUS),
        )


async def stdio(release):
    server = new_server(release)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def http(release, port, stateless):
    app = new_server(release).streamable_http_app(json_response=stateless, stateless_http=stateless)
    await uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error")).serve()
