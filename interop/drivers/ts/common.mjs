// What both drivers share: arguments, assertions, and the rows that are the same over every protocol version.
//
// The values asserted are those of ../expect.json; what they mean is written in ../../everything.md.
import { readFileSync } from 'node:fs';

export const E = JSON.parse(readFileSync(new URL(process.env.INTEROP_EXPECT ?? '../expect.json', import.meta.url), 'utf8'));
const argv = process.argv.slice(2);
const flag = name => (argv[0] === name ? argv.splice(0, 2)[1] : undefined);
export const protocol = flag('--protocol') ?? E.revision;
export const only = flag('--only')?.split(',');
export const [kind, ...target] = argv;
if (!['--stdio', '--http', '--sse'].includes(kind) || target.length === 0) {
    process.stderr.write('usage: driver.mjs [--protocol VERSION] [--only ROW,ROW] (--stdio COMMAND ARG… | --http URL | --sse URL)\n');
    process.exit(2);
}
/** Whether the protocol version is this one or newer. */
export const since = version => protocol >= version;

// --- the connection, which the driver of one SDK fills in --------------------------------------------------------

export const ME = { name: 'interop-ts', version: '1.0.0', title: 'Interop driver' };
export const peer = { connection: undefined };
let answer = {};
const asked = [];
export const seenLogs = [];
export const events = [];

/** What was agreed on, and the release of the SDK. */
export function agreed(version, folder) {
    same('revision', version, protocol);
    const { version: release } = JSON.parse(readFileSync(new URL(`node_modules/${folder}/package.json`, import.meta.url), 'utf8'));
    return `${version}, ${release}`;
}
/** Whether the server introduces itself as the page says. */
export function introduced(serverInfo) {
    const { version, ...info } = serverInfo ?? {};
    ok('the server names a version', typeof version === 'string' && version.length > 0);
    same('serverInfo', info, E.serverInfo);
}

/** A question of the server: answers as the row that runs said. */
export function put(what, params) {
    asked.push({ what, params });
    if (!answer[what]) throw new Error(`the server asked for ${what}, which no row expects here`);
    return answer[what](params, asked.length);
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
export const show = value => JSON.stringify(canonical(value)) ?? 'undefined';
export function same(what, got, want) {
    if (show(got) !== show(want)) throw new Error(`${what}: got ${show(got).slice(0, 600)}, want ${show(want).slice(0, 600)}`);
}
export function ok(what, condition, detail = '') {
    if (!condition) throw new Error(`${what} ${detail}`);
}
export async function fails(what, code, promise, check) {
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
export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
export async function until(what, condition, ms = 5000) {
    for (const end = Date.now() + ms; ; await pause(20)) {
        const got = await condition();
        if (got === true) return;
        if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms, last ${show(got)}`);
    }
}

export const call = (name, args = {}, options = {}) => peer.connection.callTool({ name, arguments: args }, options);
export const request = (method, params = {}) => peer.connection.request(method, params);
export const read = uri => peer.connection.readResource(uri);
export const text = value => [{ type: 'text', text: value }];
export async function textOf(name, args, options) {
    const result = await call(name, args, options);
    ok(`${name} answers without isError`, !result.isError, show(result.content));
    ok(`${name} answers one text`, result.content.length === 1 && result.content[0].type === 'text', show(result.content));
    ok(`${name} has no structured content`, result.structuredContent === undefined);
    return result.content[0].text;
}
/** The JSON that a tool answered: as text always, and as structured content where the protocol version has it. */
export async function structured(name, args, options) {
    const result = await call(name, args, options);
    ok(`${name} answers without isError`, !result.isError, show(result.content));
    ok(`${name} has one text twin`, result.content.length === 1 && result.content[0].type === 'text', show(result.content));
    const value = JSON.parse(result.content[0].text);
    const object = value !== null && typeof value === 'object' && !Array.isArray(value);
    const carried = since('2026-07-28') || (since('2025-06-18') && object);
    same(`${name}: structured content`, result.structuredContent, carried ? value : undefined);
    return value;
}
export async function badArguments(what, name, args) {
    if (since('2025-11-25')) return same(what, (await call(name, args)).isError, true);
    await fails(what, -32602, call(name, args));
}
export const noResource = uri => fails(uri, since('2026-07-28') ? -32602 : -32002, read(uri));
export async function pages(method, key, expected) {
    const items = [];
    let cursor, count = 0;
    do {
        const page = await request(method, cursor === undefined ? {} : { cursor });
        items.push(...page[key]);
        cursor = page.nextCursor;
        ok(`${method} pages end`, ++count < 50);
    } while (cursor !== undefined);
    same(`${method}: pages`, count, expected);
    return items;
}
export const pagesOf = count => Math.ceil(count / E.pageSize);

/** What a question says, without the parts that may be left out. */
export function question(params) {
    const { _meta, ...rest } = params;
    if (rest.requestedSchema) {
        const { $schema, ...schema } = rest.requestedSchema;
        return { mode: 'form', ...rest, requestedSchema: schema };
    }
    return rest;
}
/** Runs `body` with these answers and gives the questions that were asked meanwhile. */
export async function asking(answers, body) {
    asked.length = 0;
    answer = answers;
    try {
        return { result: await body(), questions: asked.map(one => one.params && question(one.params)) };
    } finally {
        answer = {};
    }
}
export const accept = content => () => ({ action: 'accept', content });

/** A block of content as the protocol version has it: what it does not know is text. */
function block(one) {
    if (one.type === 'audio' && !since('2025-03-26')) return text(E.legacy.audio)[0];
    if (one.type === 'resource_link' && !since('2025-06-18')) return text(E.legacy.link)[0];
    return one;
}

// --- rows ------------------------------------------------------------------------------------------------------

export const counted = async () => (await structured('cancelled_count')).cancelled;

export const shared = {
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
    async bad_cursor() {
        for (const method of ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']) {
            await fails(method, -32602, request(method, { cursor: 'no such cursor' }));
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
        const before = await counted();
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
                const now = await counted();
                return now === want || { now, want };
            });
        }
    },
    async ask_sample() {
        const got = await asking({ sample: () => E.sampleAnswer }, () => structured('ask_sample', { prompt: 'Tie a knot.' }));
        same('question', got.questions, [E.sample]);
        same('answer', got.result, E.sampleResult);
    },
    async ask_roots() {
        const got = await asking({ roots: () => ({ roots: E.roots }) }, () => structured('ask_roots'));
        same('questions', got.questions.length, 1);
        same('answer', got.result, { roots: E.roots });
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
    async ask_resource() {
        for (const [agree, word] of [[true, 'yes'], [false, 'no']]) {
            const got = await asking({ elicit: accept({ agree }) }, () => read('everything://ask/knots'));
            same('question', got.questions, [E.askResource]);
            same('contents', got.result.contents, [{ uri: 'everything://ask/knots', mimeType: 'text/plain', text: `knots: ${word}` }]);
        }
    },
    async prompt_plain() {
        const { description, messages } = await peer.connection.getPrompt({ name: 'greet' });
        same('greet', { description, messages }, E.promptResults.greet);
    },
    async prompt_arguments() {
        const get = messagesOf;
        const code = 'fn main() {}';
        same('review', await get('review', { language: 'Rust', code, style: 'stern' }), E.promptResults.review);
        same('review', await get('review', { language: 'Rust', code }), E.promptResults.reviewDefault);
        same('travel', await get('travel', { country: 'France', city: 'Paris' }), E.promptResults.travel);
        await fails('missing argument', -32602, get('review', { language: 'Rust' }));
        await fails('unknown prompt', -32602, get('no_such_prompt', {}));
    },
    async prompt_content() {
        const get = messagesOf;
        same('with_resource', await get('with_resource', { uri: 'everything://greeting' }), E.promptResults.with_resource);
        await fails('unknown resource', -32602, get('with_resource', { uri: 'everything://nowhere' }));
        for (const name of ['with_image', 'with_audio', 'with_link']) {
            same(name, await get(name), E.promptResults[name].map(one => ({ ...one, content: block(one.content) })));
        }
    },
    async ask_prompt() {
        const got = await asking({ elicit: accept({ topic: 'knots' }) }, () => peer.connection.getPrompt({ name: 'ask_topic' }));
        same('question', got.questions, [E.askTopic]);
        same('messages', got.result.messages, E.promptResults.ask_topic);
    },
    async complete_prompt() {
        const ref = { type: 'ref/prompt', name: 'travel' };
        completed(await peer.connection.complete({ ref, argument: { name: 'country', value: 'fI' } }), E.completions.country);
        completed(await peer.connection.complete({ ref, argument: { name: 'country', value: 'X' } }), []);
        await fails('unknown prompt', -32602, peer.connection.complete({ ref: { type: 'ref/prompt', name: 'no_such_prompt' }, argument: { name: 'a', value: '' } }));
    },
    async complete_context() {
        const ref = { type: 'ref/prompt', name: 'travel' };
        const ask = (value, country) => peer.connection.complete({ ref, argument: { name: 'city', value }, ...(country && { context: { arguments: { country } } }) });
        completed(await ask(''), E.completions.cities);
        if (!since('2025-06-18')) return;
        completed(await ask('', 'France'), E.completions.cityFrance);
        completed(await ask('p', 'France'), E.completions.cityP);
        completed(await ask('p', 'Japan'), []);
    },
    async complete_template() {
        const ref = uri => ({ type: 'ref/resource', uri });
        completed(await peer.connection.complete({ ref: ref('everything://place/{country}/{city}'), argument: { name: 'country', value: 'fi' } }), E.completions.country);
        const many = await peer.connection.complete({ ref: ref('everything://echo/{value}'), argument: { name: 'value', value: 'value_' } });
        same('150', [many.completion.values.length, many.completion.values[99], many.completion.total, many.completion.hasMore], [100, 'value_099', 150, true]);
        completed(await peer.connection.complete({ ref: ref('everything://echo/{value}'), argument: { name: 'value', value: 'value_14' } }), Array.from({ length: 10 }, (_, i) => `value_14${i}`));
    },
    async tool_error() {
        const result = await call('tool_error');
        same('isError', result.isError, true);
        same('content', result.content, text('the tool failed on purpose'));
        await badArguments('bad arguments', 'add', { a: 'two', b: 3 });
        await badArguments('missing argument', 'add', { a: 2 });
    },
    async big() {
        same('big', await textOf('big', { kib: 1024 }), '0123456789abcdef'.repeat(65536));
        await badArguments('too big', 'big', { kib: 5000 });
    },
    async ask_url() {
        const accepted = await asking({ elicit: () => ({ action: 'accept' }) }, () => structured('ask_url'));
        same('question', accepted.questions.map(({ elicitationId, ...rest }) => rest), [E.url]);
        same('answer', accepted.result, { action: 'accept' });
        same('decline', (await asking({ elicit: () => ({ action: 'decline' }) }, () => structured('ask_url'))).result, { action: 'decline' });
    },
    async ask_sample_tools() {
        const got = await asking({ sample: (_, round) => E.sampleToolsAnswers[round - 1] }, () => structured('ask_sample_tools'));
        same('questions', got.questions.map(one => ({ ...one, messages: one.messages.map(blocks) })), E.sampleTools.map(one => ({ ...one, messages: one.messages.map(blocks) })));
        same('answer', got.result, { rounds: 2, text: 'It is 12 metres deep.' });
        function blocks({ role, content }) {
            return { role, content: Array.isArray(content) ? content : [content] };
        }
    },
    async read_unknown() {
        for (const uri of E.badReads.read_unknown) await noResource(uri);
    }
};

for (const [name, content] of Object.entries(E.content)) {
    shared[name] = async () => same(name, (await call(name)).content, content.map(block));
}
for (const [name, reads] of Object.entries(E.reads)) {
    shared[name] = async () => {
        for (const [uri, contents] of Object.entries(reads)) same(uri, (await read(uri)).contents, contents);
        for (const uri of E.badReads[name] ?? []) await noResource(uri);
    };
}

const messagesOf = async (name, args) => (await peer.connection.getPrompt({ name, arguments: args })).messages;
function completed(result, values) {
    same('values', result.completion.values, values);
    same('total', result.completion.total, values.length);
    ok('hasMore', !result.completion.hasMore);
}
/** What a form of these accepted contents must be refused for. */
export const badForms = [{ age: 36 }, { name: 'Ada', age: 200 }, { name: 'Ada', age: 36, color: 'mauve' }];
/** The rows `ask_form` and `missing_capability` as far as they are the same. */
export async function fillForm() {
    const accepted = await asking({ elicit: accept(E.formAnswer) }, () => structured('ask_form'));
    same('question', accepted.questions, [E.form]);
    same('answer', accepted.result, { action: 'accept', content: E.formAnswer });
    for (const action of ['decline', 'cancel']) {
        const refused = await asking({ elicit: () => ({ action }) }, () => structured('ask_form'));
        same(action, refused.result, { action });
    }
}
/** Answers all three questions of `ask_all`, each once `ready`, which hears of it. */
export async function answerAll(ready = () => {}) {
    const after = result => async () => (await ready(), result);
    const got = await asking(
        {
            elicit: after({ action: 'accept', content: { agree: true } }),
            sample: after({ ...E.sampleAnswer, content: { type: 'text', text: 'yes' } }),
            roots: after({ roots: E.roots })
        },
        () => structured('ask_all')
    );
    same('questions', got.questions.length, 3);
    same('answer', got.result, { action: 'accept', text: 'yes', roots: 2 });
    return got.questions;
}
/** Needs `sampling` of a client that has it, and of one that has not. */
export async function needsSampling(open, code) {
    same('declared', await textOf('needs_sampling'), 'sampling is declared');
    const bare = await open({});
    try {
        await fails('undeclared', code, bare.callTool({ name: 'needs_sampling', arguments: {} }), error =>
            same('data', error.data?.requiredCapabilities, { sampling: {} })
        );
    } finally {
        await bare.close();
    }
}
/** Adds an item and takes it away: an event each, and none when nothing changes. */
export async function change(what, tool, item, names) {
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
}
/** Touches two resources of which only the counter is subscribed to, then ends the subscription. */
export async function touch(unsubscribe) {
    const counter = async () => Number((await read('everything://counter')).contents[0].text);
    const before = await counter();
    same('answer', await textOf('touch_resource', { uri: 'everything://greeting' }), 'touched everything://greeting');
    same('answer', await textOf('touch_resource', { uri: 'everything://counter' }), 'touched everything://counter');
    await until('event', () => events.length > 0 || events);
    await pause(100);
    same('events', events, ['everything://counter']);
    same('counter', await counter(), before + 1);
    same('no such resource', (await call('touch_resource', { uri: 'everything://nowhere' })).isError, true);
    await unsubscribe();
    await pause(100);
    await textOf('touch_resource', { uri: 'everything://counter' });
    await pause(150);
    same('after the end', events.length, 1);
}
/** The message that `log_levels` sends at each level from this one on. */
export const logsFrom = from => E.levels.slice(from).map(level => ({ level, logger: 'everything', data: { message: `a message at level ${level}` } }));
/** Whether the list of tools is the one of the page, as far as that is the same over all versions. */
export function listed(tools) {
    same('names', tools.map(tool => tool.name), E.tools);
    const by = Object.fromEntries(tools.map(tool => [tool.name, tool]));
    const { inputSchema, ...echo } = by.echo;
    same('echo', echo, E.echoTool);
    same('echo schema', [inputSchema.type, Object.keys(inputSchema.properties), inputSchema.properties.message.type, inputSchema.required], ['object', ['message'], 'string', ['message']]);
    for (const [name, header] of Object.entries(E.headerNames)) {
        same(`x-mcp-header of ${name}`, by.header_params.inputSchema.properties[name]['x-mcp-header'], header);
    }
    for (const [name, types] of Object.entries(E.outputTypes)) {
        const there = since('2026-07-28') || (since('2025-06-18') && types.includes('object'));
        if (there) ok(`output schema of ${name}`, types.includes(by[name].outputSchema?.type), show(by[name].outputSchema));
        else same(`output schema of ${name}`, by[name].outputSchema, undefined);
    }
    if (since('2025-06-18')) same('sum', by.add.outputSchema.required, ['sum']);
}
