// The TypeScript SDK 2.x, as a 2026-07-28 client.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
    E, ME, agreed, answerAll, badForms, call, change, counted, events, fails, fillForm, introduced, kind, listed,
    logsFrom, needsSampling, ok, pages, pagesOf, pause, peer, put, question, request, same, seenLogs, show,
    structured, target, text, touch, until
} from './common.mjs';

const http = kind === '--http';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const FULL = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };
const FRESH = { cacheMode: 'refresh' };
const sentHeaders = [];
let client;

async function open(capabilities) {
    const client = new Client(ME, { capabilities, versionNegotiation: { mode: { pin: E.revision } } });
    const transport = http
        ? new StreamableHTTPClientTransport(new URL(target[0]), {
              fetch: (url, init) => {
                  sentHeaders.push(new Headers(init?.headers));
                  return fetch(url, init);
              }
          })
        : new StdioClientTransport({ command: target[0], args: target.slice(1), env: { ...process.env }, stderr: 'inherit' });
    await client.connect(transport, { timeout: 20_000 });
    return client;
}

async function openFull() {
    client = await open(FULL);
    client.setRequestHandler('elicitation/create', request => put('elicit', request.params));
    client.setRequestHandler('sampling/createMessage', request => put('sample', request.params));
    client.setRequestHandler('roots/list', request => put('roots', request.params));
    client.setNotificationHandler('notifications/message', note => void seenLogs.push(note.params));
    for (const what of ['tools', 'prompts', 'resources']) {
        client.setNotificationHandler(`notifications/${what}/list_changed`, () => void events.push(what));
    }
    client.setNotificationHandler('notifications/resources/updated', note => void events.push(note.params.uri));
    peer.connection = {
        callTool: (params, options) => client.callTool(params, options),
        request: (method, params) => client.request({ method, params }),
        readResource: uri => client.readResource({ uri }, FRESH),
        getPrompt: params => client.getPrompt(params),
        complete: params => client.complete(params),
        close: () => client.close()
    };
}

export const rows = {
    async connect() {
        await openFull();
        same('era', client.getProtocolEra(), 'modern');
        introduced(client.getServerVersion());
        return agreed(client.getNegotiatedProtocolVersion(), '@modelcontextprotocol/client');
    },
    async discover() {
        const got = await client.discover();
        ok('supportedVersions', got.supportedVersions.includes(E.revision), show(got.supportedVersions));
        same('instructions', got.instructions, E.instructions);
        const c = got.capabilities;
        same('tools', c.tools?.listChanged, true);
        same('prompts', c.prompts?.listChanged, true);
        same('resources', [c.resources?.listChanged, c.resources?.subscribe], [true, true]);
        ok('completions and logging', c.completions && c.logging, show(c));
        same('cache', { ttlMs: got.ttlMs, cacheScope: got.cacheScope }, E.caching.lists);
    },
    async list_tools() {
        listed(await pages('tools/list', 'tools', pagesOf(E.tools.length)));
        same('aggregate', (await client.listTools(undefined, FRESH)).tools.length, E.tools.length);
    },
    async caching() {
        const hint = ({ ttlMs, cacheScope }) => ({ ttlMs, cacheScope });
        for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']) {
            same(method, hint(await request(method)), E.caching.lists);
        }
        same('static read', hint(await request('resources/read', { uri: 'everything://greeting' })), E.caching.static);
        same('counter', hint(await request('resources/read', { uri: 'everything://counter' })), E.caching.counter);
    },
    async describe_call() {
        const got = await structured('describe_call');
        same('protocolVersion', got.protocolVersion, E.revision);
        same('clientInfo', got.clientInfo, ME);
        same('clientCapabilities', got.clientCapabilities, FULL);
    },
    async timeout() {
        const before = await counted();
        const outcome = await call('slow', { seconds: 7, quiet: true }, { timeout: 300 }).then(() => 'answered', error => error.code);
        same('here', outcome, 'REQUEST_TIMEOUT');
        await until('cancelled at the server', async () => await counted() === before + 1);
    },
    async logs() {
        for (const [level, from] of [['warning', 3], ['debug', 0], [undefined, 8]]) {
            seenLogs.length = 0;
            const params = { name: 'log_levels', arguments: {} };
            if (level) params._meta = { [LOG_LEVEL]: level };
            same('answer', (await client.callTool(params)).content, text('logged 8 messages'));
            await pause(50);
            same(`logs at ${level}`, seenLogs.map(({ _meta, ...rest }) => rest), logsFrom(from));
        }
    },
    async header_params() {
        await client.listTools(undefined, FRESH);
        for (const args of [
            { region: 'eu-west-1', count: 3, verbose: true, plain: 'x' },
            { region: ' Zürich\n=?base64?', count: -7, verbose: false }
        ]) {
            sentHeaders.length = 0;
            same('answer', await structured('header_params', args), args);
            if (!http) continue;
            const sent = sentHeaders.at(-1);
            const b64 = value => `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
            same('Mcp-Param-Region', sent.get('mcp-param-region'), args.plain ? args.region : b64(args.region));
            same('Mcp-Param-Count', sent.get('mcp-param-count'), String(args.count));
            same('Mcp-Param-Verbose', sent.get('mcp-param-verbose'), String(args.verbose));
            same('Mcp-Name', sent.get('mcp-name'), 'header_params');
            same('Mcp-Method', sent.get('mcp-method'), 'tools/call');
        }
        if (!http) return;
        const response = await fetch(target[0], {
            method: 'POST',
            headers: {
                'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': E.revision,
                'mcp-method': 'tools/call', 'mcp-name': 'header_params', 'mcp-param-region': 'b', 'mcp-param-count': '3', 'mcp-param-verbose': 'true'
            },
            body: JSON.stringify({
                jsonrpc: '2.0', id: 'by-hand', method: 'tools/call',
                params: {
                    name: 'header_params', arguments: { region: 'a', count: 3, verbose: true },
                    _meta: { 'io.modelcontextprotocol/protocolVersion': E.revision, 'io.modelcontextprotocol/clientCapabilities': {} }
                }
            })
        });
        const body = await response.json();
        same('mismatch', [response.status, body.error?.code, body.id], [400, -32020, 'by-hand']);
    },
    missing_capability: () => needsSampling(open, -32021),
    async ask_form() {
        await fillForm();
        const first = await call('ask_form', {}, { allowInputRequired: true });
        same('round', [first.resultType, Object.keys(first.inputRequests ?? {})], ['input_required', ['form']]);
        for (const content of badForms) {
            await fails('bad answer', -32602, client.callTool({
                name: 'ask_form', arguments: {}, requestState: first.requestState, inputResponses: { form: { action: 'accept', content } }
            }));
        }
    },
    async ask_all() {
        const first = await call('ask_all', {}, { allowInputRequired: true });
        same('one round', Object.keys(first.inputRequests ?? {}).sort(), ['confirm', 'roots', 'sample']);
        same('confirm', question(first.inputRequests.confirm.params), E.confirm);
        same('sample', question(first.inputRequests.sample.params), E.sampleAll);
        await answerAll();
    },
    async request_state() {
        const first = await call('ask_rounds', {}, { allowInputRequired: true });
        ok('there is a state', typeof first.requestState === 'string' && first.requestState.length > 8, show(first));
        const half = first.requestState.length >> 1;
        const altered = first.requestState.slice(0, half) + (first.requestState[half] === 'A' ? 'B' : 'A') + first.requestState.slice(half + 1);
        const inputResponses = { first: { action: 'accept', content: { value: 'a' } } };
        const retry = (name, requestState, args = {}) => client.callTool({ name, arguments: args, inputResponses, requestState }, { allowInputRequired: true });
        await fails('altered', -32602, retry('ask_rounds', altered));
        await fails('of another tool', -32602, retry('ask_url', first.requestState));
        await fails('of other arguments', -32602, retry('ask_rounds', first.requestState, { other: 1 }));
        const next = await retry('ask_rounds', first.requestState);
        same('genuine', Object.keys(next.inputRequests ?? {}), ['second']);
    },
    listen_tools: () => listChanged('tools', 'change_tools', 'extra_tool', async () => (await client.listTools(undefined, FRESH)).tools),
    listen_prompts: () => listChanged('prompts', 'change_prompts', 'extra_prompt', async () => (await client.listPrompts(undefined, FRESH)).prompts),
    listen_resources: () => listChanged('resources', 'change_resources', 'extra_resource', async () => (await client.listResources(undefined, FRESH)).resources),
    async resource_updated() {
        events.length = 0;
        const filter = { resourceSubscriptions: ['everything://counter'] };
        const subscription = await client.listen(filter);
        same('acknowledged', subscription.honoredFilter, filter);
        await touch(() => subscription.close());
    }
};

async function listChanged(what, tool, item, list) {
    await call(tool, { present: false });
    const filter = { [`${what}ListChanged`]: true };
    const subscription = await client.listen(filter);
    try {
        same('acknowledged', subscription.honoredFilter, filter);
        await change(what, tool, item, async () => (await list()).map(one => one.name));
    } finally {
        await subscription.close();
    }
}
