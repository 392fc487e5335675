// Drives a server with the TypeScript SDK as a 2026-07-28 client and prints one JSON line per feature.
//
//   node driver.mjs [--only ROW,ROW] (--stdio COMMAND ARG… | --http URL)
//
// The values asserted are those of ../expect.json; what they mean is written in ../../everything.md.
import { readFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const E = JSON.parse(readFileSync(new URL(process.env.INTEROP_EXPECT ?? '../expect.json', import.meta.url), 'utf8'));
const argv = process.argv.slice(2);
const only = argv[0] === '--only' ? argv.splice(0, 2)[1].split(',') : undefined;
const [kind, ...target] = argv;
if (!['--stdio', '--http'].includes(kind) || target.length === 0) {
    process.stderr.write('usage: driver.mjs [--only ROW,ROW] (--stdio COMMAND ARG… | --http URL)\n');
    process.exit(2);
}
const http = kind === '--http';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

// --- connection ------------------------------------------------------------------------------------------------

const ME = { name: 'interop-ts', version: '1.0.0', title: 'Interop driver' };
const FULL = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };
const sentHeaders = [];

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

let client;
let answer = {};
const asked = [];
const seenLogs = [];
const events = [];

async function openFull() {
    client = await open(FULL);
    const put = (what, request) => {
        asked.push({ what, params: request.params });
        if (!answer[what]) throw new Error(`the server asked for ${what}, which no row expects here`);
        return answer[what](request.params, asked.length);
    };
    client.setRequestHandler('elicitation/create', request => put('elicit', request));
    client.setRequestHandler('sampling/createMessage', request => put('sample', request));
    client.setRequestHandler('roots/list', request => put('roots', request));
    client.setNotificationHandler('notifications/message', note => void seenLogs.push(note.params));
    for (const what of ['tools', 'prompts', 'resources']) {
        client.setNotificationHandler(`notifications/${what}/list_changed`, () => void events.push(what));
    }
    client.setNotificationHandler('notifications/resources/updated', note => void events.push(note.params.uri));
}

// --- assertions ------------------------------------------------------------------------------------------------

function canonical(value) {
    if (Array.isArray(value)) return value.map(canonical);
    if (value && typeof value === 'object') {
        return Object.fromEntries(
            Object.keys(value).filter(key => value[key] !== undefined).sort().map(key => [key, canonical(value[key])])
        );
    }
    return value;
}
const show = value => JSON.stringify(canonical(value)) ?? 'undefined';
function same(what, got, want) {
    if (show(got) !== show(want)) throw new Error(`${what}: got ${show(got).slice(0, 600)}, want ${show(want).slice(0, 600)}`);
}
function ok(what, condition, detail = '') {
    if (!condition) throw new Error(`${what} ${detail}`);
}
async function fails(what, code, promise, check) {
    let result;
    try {
        result = await promise;
    } catch (error) {
        if (error?.code !== code) throw new Error(`${what}: failed with ${error?.code} ${error?.message}, want ${code}`);
        check?.(error);
        return;
    }
    throw new Error(`${what}: got ${show(result).slice(0, 300)}, want error ${code}`);
}
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
async function until(what, condition, ms = 5000) {
    for (const end = Date.now() + ms; ; await pause(20)) {
        const got = await condition();
        if (got === true) return;
        if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms, last ${show(got)}`);
    }
}

const raw = (method, params = {}) => client.request({ method, params });
const call = (name, args = {}, options = {}) => client.callTool({ name, arguments: args }, options);
const text = value => [{ type: 'text', text: value }];
async function textOf(name, args, options) {
    const result = await call(name, args, options);
    ok(`${name} answers without isError`, !result.isError, show(result.content));
    ok(`${name} answers one text`, result.content.length === 1 && result.content[0].type === 'text', show(result.content));
    ok(`${name} has no structured content`, result.structuredContent === undefined);
    return result.content[0].text;
}
async function structured(name, args, options) {
    return twin(name, await call(name, args, options));
}
function twin(name, result) {
    ok(`${name} answers without isError`, !result.isError, show(result.content));
    ok(`${name} has structured content`, result.structuredContent !== undefined, show(result));
    ok(`${name} has one text twin`, result.content.length === 1 && result.content[0].type === 'text', show(result.content));
    same(`${name}: text twin`, JSON.parse(result.content[0].text), result.structuredContent);
    return result.structuredContent;
}
async function pages(method, key, expected) {
    const items = [];
    let cursor, count = 0;
    do {
        const page = await raw(method, cursor === undefined ? {} : { cursor });
        items.push(...page[key]);
        cursor = page.nextCursor;
        ok(`${method} pages end`, ++count < 50);
    } while (cursor !== undefined);
    same(`${method}: pages`, count, expected);
    return items;
}
const pagesOf = count => Math.ceil(count / E.pageSize);

/** What a question says, without the parts that may be left out. */
function question(params) {
    const { _meta, ...rest } = params;
    if (rest.requestedSchema) {
        const { $schema, ...schema } = rest.requestedSchema;
        return { mode: 'form', ...rest, requestedSchema: schema };
    }
    return rest;
}
/** Runs `body` with these answers and gives the questions that were asked meanwhile. */
async function asking(answers, body) {
    asked.length = 0;
    answer = answers;
    try {
        return { result: await body(), questions: asked.map(one => one.params && question(one.params)) };
    } finally {
        answer = {};
    }
}
const accept = content => () => ({ action: 'accept', content });

// --- rows ------------------------------------------------------------------------------------------------------

const rows = {
    async connect() {
        await openFull();
        same('revision', client.getNegotiatedProtocolVersion(), E.revision);
        same('era', client.getProtocolEra(), 'modern');
        const { version, ...info } = client.getServerVersion() ?? {};
        ok('the server names a version', typeof version === 'string' && version.length > 0);
        same('serverInfo', info, E.serverInfo);
        return E.revision;
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
        const tools = await pages('tools/list', 'tools', pagesOf(E.tools.length));
        same('names', tools.map(tool => tool.name), E.tools);
        const by = Object.fromEntries(tools.map(tool => [tool.name, tool]));
        const { inputSchema, ...echo } = by.echo;
        same('echo', echo, E.echoTool);
        same('echo schema', [inputSchema.type, Object.keys(inputSchema.properties), inputSchema.properties.message.type, inputSchema.required], ['object', ['message'], 'string', ['message']]);
        for (const [name, types] of Object.entries(E.outputTypes)) {
            ok(`output schema of ${name}`, types.includes(by[name].outputSchema?.type), show(by[name].outputSchema));
        }
        same('sum', by.add.outputSchema.required, ['sum']);
        for (const [name, header] of Object.entries(E.headerNames)) {
            same(`x-mcp-header of ${name}`, by.header_params.inputSchema.properties[name]['x-mcp-header'], header);
        }
        same('aggregate', (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.length, E.tools.length);
    },
    async list_resources() {
        same('resources', await pages('resources/list', 'resources', pagesOf(E.resources.length)), E.resources);
    },
    async list_templates() {
        same('templates', await pages('resources/templates/list', 'resourceTemplates', pagesOf(E.templates.length)), E.templates);
    },
    async list_prompts() {
        const prompts = await pages('prompts/list', 'prompts', pagesOf(E.prompts.length));
        for (const prompt of prompts) {
            if (prompt.arguments?.length === 0) delete prompt.arguments;
            for (const argument of prompt.arguments ?? []) if (argument.required === false) delete argument.required;
        }
        same('prompts', prompts, E.prompts);
    },
    async caching() {
        const hint = ({ ttlMs, cacheScope }) => ({ ttlMs, cacheScope });
        for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']) {
            same(method, hint(await raw(method)), E.caching.lists);
        }
        same('static read', hint(await raw('resources/read', { uri: 'everything://greeting' })), E.caching.static);
        same('counter', hint(await raw('resources/read', { uri: 'everything://counter' })), E.caching.counter);
    },
    async bad_cursor() {
        for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']) {
            await fails(method, -32602, raw(method, { cursor: 'no such cursor' }));
        }
    },
    async echo() {
        for (const message of E.hostile) same('echo', await textOf('echo', { message }), message);
        const many = await Promise.all(Array.from({ length: 50 }, (_, i) => textOf('echo', { message: `call ${i}` })));
        same('50 at once', many, Array.from({ length: 50 }, (_, i) => `call ${i}`));
    },
    async structured() {
        same('add', await structured('add', { a: 2, b: 3 }), { sum: 5 });
        same('add', await structured('add', { a: 2.5, b: -0.25 }), { sum: 2.25 });
    },
    async structured_values() {
        for (const [name, value] of Object.entries(E.structured)) same(name, await structured(name), value);
    },
    async tool_error() {
        const result = await call('tool_error');
        same('isError', result.isError, true);
        same('content', result.content, text('the tool failed on purpose'));
        same('bad arguments', (await call('add', { a: 'two', b: 3 })).isError, true);
        same('missing argument', (await call('add', { a: 2 })).isError, true);
    },
    async protocol_error() {
        await fails('protocol_error', 4001, call('protocol_error'), error => {
            ok('message', error.message.endsWith('refused on purpose'), error.message);
            same('data', error.data, { reason: 'on purpose' });
        });
        await fails('unknown tool', -32602, call('no_such_tool'));
    },
    async panic() {
        await fails('panic', -32603, call('panic', {}, { timeout: 5000 }), error =>
            ok('the message is sanitised', !error.message.includes('panicked on purpose'), error.message)
        );
        same('alive', await textOf('echo', { message: 'alive' }), 'alive');
    },
    async big() {
        same('big', await textOf('big', { kib: 1024 }), '0123456789abcdef'.repeat(65536));
        same('too big', (await call('big', { kib: 5000 })).isError, true);
    },
    async describe_call() {
        const got = await structured('describe_call');
        same('protocolVersion', got.protocolVersion, E.revision);
        same('clientInfo', got.clientInfo, ME);
        same('clientCapabilities', got.clientCapabilities, FULL);
    },
    async progress() {
        const got = [];
        same('answer', await textOf('progress', { steps: 5, rest_ms: 100 }, { onprogress: one => void got.push(one) }), 'done in 5 steps');
        await pause(50);
        same('steps', got, [1, 2, 3, 4, 5].map(i => ({ progress: i, total: 5, message: `step ${i} of 5` })));
        const many = [];
        same('answer', await textOf('progress', { steps: 200, rest_ms: 300 }, { onprogress: one => void many.push(one) }), 'done in 200 steps');
        await pause(50);
        same('last', many.at(-1), { progress: 200, total: 200, message: 'step 200 of 200' });
        ok('increasing', many.every((one, i) => i === 0 || one.progress > many[i - 1].progress), show(many));
        same('without token', await textOf('progress'), 'done in 3 steps');
        return `${many.length} of 200 arrived`;
    },
    async cancel() {
        const before = (await structured('cancelled_count')).cancelled;
        for (const quiet of [false, true]) {
            const abort = new AbortController();
            const options = { signal: abort.signal };
            const started = new Promise(resolve => {
                if (quiet) setTimeout(resolve, 200);
                else options.onprogress = resolve;
            });
            const running = call('slow', { seconds: 30, quiet }, options).then(() => 'answered', () => 'rejected');
            same('started', await Promise.race([started.then(() => 'yes'), running, pause(5000)]), 'yes');
            abort.abort('not wanted any more');
            same('here', await Promise.race([running, pause(5000)]), 'rejected');
            const want = before + (quiet ? 2 : 1);
            await until(`cancelled at the server (quiet ${quiet})`, async () => {
                const now = (await structured('cancelled_count')).cancelled;
                return now === want || { now, want };
            });
        }
    },
    async timeout() {
        const before = (await structured('cancelled_count')).cancelled;
        const outcome = await call('slow', { seconds: 7, quiet: true }, { timeout: 300 }).then(() => 'answered', error => error.code);
        same('here', outcome, 'REQUEST_TIMEOUT');
        await until('cancelled at the server', async () => (await structured('cancelled_count')).cancelled === before + 1);
    },
    async logs() {
        for (const [level, from] of [['warning', 3], ['debug', 0], [undefined, 8]]) {
            seenLogs.length = 0;
            const params = { name: 'log_levels', arguments: {} };
            if (level) params._meta = { [LOG_LEVEL]: level };
            same('answer', (await client.callTool(params)).content, text('logged 8 messages'));
            await pause(50);
            const want = E.levels.slice(from).map(one => ({ level: one, logger: 'everything', data: { message: `a message at level ${one}` } }));
            same(`logs at ${level}`, seenLogs.map(({ _meta, ...rest }) => rest), want);
        }
    },
    async header_params() {
        await client.listTools(undefined, { cacheMode: 'refresh' });
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
    async missing_capability() {
        same('declared', await textOf('needs_sampling'), 'sampling is declared');
        const bare = await open({});
        try {
            await fails('undeclared', -32021, bare.callTool({ name: 'needs_sampling', arguments: {} }), error =>
                same('data', error.data?.requiredCapabilities, { sampling: {} })
            );
        } finally {
            await bare.close();
        }
    },
    async ask_form() {
        const accepted = await asking({ elicit: accept(E.formAnswer) }, () => structured('ask_form'));
        same('question', accepted.questions, [E.form]);
        same('answer', accepted.result, { action: 'accept', content: E.formAnswer });
        for (const action of ['decline', 'cancel']) {
            const refused = await asking({ elicit: () => ({ action }) }, () => structured('ask_form'));
            same(action, refused.result, { action });
        }
        const first = await call('ask_form', {}, { allowInputRequired: true });
        same('round', [first.resultType, Object.keys(first.inputRequests ?? {})], ['input_required', ['form']]);
        for (const content of [{ age: 36 }, { name: 'Ada', age: 200 }, { name: 'Ada', age: 36, color: 'mauve' }]) {
            await fails('bad answer', -32602, client.callTool({
                name: 'ask_form', arguments: {}, requestState: first.requestState, inputResponses: { form: { action: 'accept', content } }
            }));
        }
    },
    async ask_url() {
        const accepted = await asking({ elicit: () => ({ action: 'accept' }) }, () => structured('ask_url'));
        same('question', accepted.questions, [E.url]);
        same('answer', accepted.result, { action: 'accept' });
        same('decline', (await asking({ elicit: () => ({ action: 'decline' }) }, () => structured('ask_url'))).result, { action: 'decline' });
    },
    async ask_sample() {
        const got = await asking({ sample: () => E.sampleAnswer }, () => structured('ask_sample', { prompt: 'Tie a knot.' }));
        same('question', got.questions, [E.sample]);
        same('answer', got.result, E.sampleResult);
    },
    async ask_sample_tools() {
        const got = await asking({ sample: (_, round) => E.sampleToolsAnswers[round - 1] }, () => structured('ask_sample_tools'));
        same('questions', got.questions.map(one => ({ ...one, messages: one.messages.map(blocks) })), E.sampleTools.map(one => ({ ...one, messages: one.messages.map(blocks) })));
        same('answer', got.result, { rounds: 2, text: 'It is 12 metres deep.' });
        function blocks({ role, content }) {
            return { role, content: Array.isArray(content) ? content : [content] };
        }
    },
    async ask_roots() {
        const got = await asking({ roots: () => ({ roots: E.roots }) }, () => structured('ask_roots'));
        same('questions', got.questions.length, 1);
        same('answer', got.result, { roots: E.roots });
    },
    async ask_all() {
        const first = await call('ask_all', {}, { allowInputRequired: true });
        same('one round', Object.keys(first.inputRequests ?? {}).sort(), ['confirm', 'roots', 'sample']);
        same('confirm', question(first.inputRequests.confirm.params), E.confirm);
        same('sample', question(first.inputRequests.sample.params), E.sampleAll);
        const got = await asking(
            { elicit: accept({ agree: true }), sample: () => ({ ...E.sampleAnswer, content: { type: 'text', text: 'yes' } }), roots: () => ({ roots: E.roots }) },
            () => structured('ask_all')
        );
        same('questions', got.questions.length, 3);
        same('answer', got.result, { action: 'accept', text: 'yes', roots: 2 });
    },
    async ask_rounds() {
        const all = await asking({ elicit: (_, round) => ({ action: 'accept', content: { value: 'abc'[round - 1] } }) }, () => textOf('ask_rounds'));
        same('questions', all.questions, E.rounds);
        same('answer', all.result, 'a, b, c');
        const stopped = await asking(
            { elicit: (_, round) => (round === 1 ? { action: 'accept', content: { value: 'a' } } : { action: 'decline' }) },
            () => call('ask_rounds')
        );
        same('declined', [stopped.result.isError, stopped.result.content, stopped.questions.length], [true, text('stopped at second'), 2]);
    },
    async ask_once() {
        const got = await asking({ elicit: accept({ agree: true }) }, () => structured('ask_once'));
        same('question', got.questions, [E.confirm]);
        same('once', got.result.ticket, got.result.issued);
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
    listen_tools: () => listChanged('tools', 'change_tools', 'extra_tool', async () => (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.map(one => one.name)),
    listen_prompts: () => listChanged('prompts', 'change_prompts', 'extra_prompt', async () => (await client.listPrompts(undefined, { cacheMode: 'refresh' })).prompts.map(one => one.name)),
    listen_resources: () => listChanged('resources', 'change_resources', 'extra_resource', async () => (await client.listResources(undefined, { cacheMode: 'refresh' })).resources.map(one => one.name)),
    async resource_updated() {
        const counter = async () => Number((await client.readResource({ uri: 'everything://counter' }, { cacheMode: 'refresh' })).contents[0].text);
        const before = await counter();
        events.length = 0;
        const subscription = await client.listen({ resourceSubscriptions: ['everything://counter'] });
        same('acknowledged', subscription.honoredFilter, { resourceSubscriptions: ['everything://counter'] });
        same('answer', await textOf('touch_resource', { uri: 'everything://greeting' }), 'touched everything://greeting');
        same('answer', await textOf('touch_resource', { uri: 'everything://counter' }), 'touched everything://counter');
        await until('event', () => events.length > 0 || events);
        await pause(100);
        same('events', events, ['everything://counter']);
        same('counter', await counter(), before + 1);
        same('no such resource', (await call('touch_resource', { uri: 'everything://nowhere' })).isError, true);
        await subscription.close();
        await pause(100);
        await textOf('touch_resource', { uri: 'everything://counter' });
        await pause(150);
        same('after close', events.length, 1);
    },
    async read_unknown() {
        for (const uri of E.badReads.read_unknown) await fails(uri, -32602, client.readResource({ uri }, { cacheMode: 'refresh' }));
    },
    async ask_resource() {
        for (const [agree, word] of [[true, 'yes'], [false, 'no']]) {
            const got = await asking({ elicit: accept({ agree }) }, () => client.readResource({ uri: 'everything://ask/knots' }, { cacheMode: 'refresh' }));
            same('question', got.questions, [E.askResource]);
            same('contents', got.result.contents, [{ uri: 'everything://ask/knots', mimeType: 'text/plain', text: `knots: ${word}` }]);
        }
    },
    async prompt_plain() {
        const { description, messages } = await client.getPrompt({ name: 'greet' });
        same('greet', { description, messages }, E.promptResults.greet);
    },
    async prompt_arguments() {
        const get = async (name, args) => (await client.getPrompt({ name, arguments: args })).messages;
        const code = 'fn main() {}';
        same('review', await get('review', { language: 'Rust', code, style: 'stern' }), E.promptResults.review);
        same('review', await get('review', { language: 'Rust', code }), E.promptResults.reviewDefault);
        same('travel', await get('travel', { country: 'France', city: 'Paris' }), E.promptResults.travel);
        await fails('missing argument', -32602, get('review', { language: 'Rust' }));
        await fails('unknown prompt', -32602, get('no_such_prompt', {}));
    },
    async prompt_content() {
        const get = async (name, args) => (await client.getPrompt({ name, arguments: args })).messages;
        same('with_resource', await get('with_resource', { uri: 'everything://greeting' }), E.promptResults.with_resource);
        await fails('unknown resource', -32602, get('with_resource', { uri: 'everything://nowhere' }));
        for (const name of ['with_image', 'with_audio', 'with_link']) same(name, await get(name), E.promptResults[name]);
    },
    async ask_prompt() {
        const got = await asking({ elicit: accept({ topic: 'knots' }) }, () => client.getPrompt({ name: 'ask_topic' }));
        same('question', got.questions, [E.askTopic]);
        same('messages', got.result.messages, E.promptResults.ask_topic);
    },
    async complete_prompt() {
        const ref = { type: 'ref/prompt', name: 'travel' };
        completed(await client.complete({ ref, argument: { name: 'country', value: 'fI' } }), E.completions.country);
        completed(await client.complete({ ref, argument: { name: 'country', value: 'X' } }), []);
        await fails('unknown prompt', -32602, client.complete({ ref: { type: 'ref/prompt', name: 'no_such_prompt' }, argument: { name: 'a', value: '' } }));
    },
    async complete_context() {
        const ref = { type: 'ref/prompt', name: 'travel' };
        const ask = (value, country) => client.complete({ ref, argument: { name: 'city', value }, ...(country && { context: { arguments: { country } } }) });
        completed(await ask(''), E.completions.cities);
        completed(await ask('', 'France'), E.completions.cityFrance);
        completed(await ask('p', 'France'), E.completions.cityP);
        completed(await ask('p', 'Japan'), []);
    },
    async complete_template() {
        const ref = uri => ({ type: 'ref/resource', uri });
        completed(await client.complete({ ref: ref('everything://place/{country}/{city}'), argument: { name: 'country', value: 'fi' } }), E.completions.country);
        const many = await client.complete({ ref: ref('everything://echo/{value}'), argument: { name: 'value', value: 'value_' } });
        same('150', [many.completion.values.length, many.completion.values[99], many.completion.total, many.completion.hasMore], [100, 'value_099', 150, true]);
        completed(await client.complete({ ref: ref('everything://echo/{value}'), argument: { name: 'value', value: 'value_14' } }), Array.from({ length: 10 }, (_, i) => `value_14${i}`));
    }
};

for (const [name, content] of Object.entries(E.content)) {
    rows[name] = async () => same(name, (await call(name)).content, content);
}
for (const [name, reads] of Object.entries(E.reads)) {
    rows[name] = async () => {
        for (const [uri, contents] of Object.entries(reads)) {
            same(uri, (await client.readResource({ uri }, { cacheMode: 'refresh' })).contents, contents);
        }
        for (const uri of E.badReads[name] ?? []) await fails(uri, -32602, client.readResource({ uri }, { cacheMode: 'refresh' }));
    };
}

function completed(result, values) {
    same('values', result.completion.values, values);
    same('total', result.completion.total, values.length);
    ok('hasMore', !result.completion.hasMore);
}
async function listChanged(what, tool, item, names) {
    await call(tool, { present: false });
    const filter = { [`${what}ListChanged`]: true };
    const subscription = await client.listen(filter);
    try {
        same('acknowledged', subscription.honoredFilter, filter);
        for (const present of [true, false]) {
            events.length = 0;
            const said = `${item} is ${present ? 'present' : 'absent'}`;
            same('answer', await textOf(tool, { present }), said);
            await until('event', () => events.length > 0 || events);
            same('listed', (await names()).includes(item), present);
            same('again', await textOf(tool, { present }), said);
            await pause(150);
            same('events', events, [what]);
        }
    } finally {
        await subscription.close();
    }
}

// --- run -------------------------------------------------------------------------------------------------------

const report = (feature, good, detail) => process.stdout.write(JSON.stringify({ feature, ok: good, detail: detail ?? '' }) + '\n');
process.on('unhandledRejection', error => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`));
for (const [feature, row] of Object.entries(rows)) {
    if (only && feature !== 'connect' && !only.includes(feature)) continue;
    try {
        if (feature !== 'connect' && !client) throw new Error('not connected');
        let timer;
        const limit = new Promise((_, reject) => (timer = setTimeout(reject, 30_000, new Error('the row took more than 30 s'))));
        const detail = await Promise.race([row(), limit]).finally(() => clearTimeout(timer));
        report(feature, true, detail);
    } catch (error) {
        report(feature, false, String(error?.message ?? error));
    }
}
await Promise.race([client?.close().catch(() => {}), pause(3000)]);
process.exit(0);
