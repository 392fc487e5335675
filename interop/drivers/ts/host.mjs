// Drives `bowline up` and `bowline proxy` with the TypeScript SDK 2.x and prints one JSON line per feature.
//
//   node host.mjs up URL PID SECONDS FOLDER     five published servers behind URL, which the process PID serves
//   node host.mjs proxy BOWLINE PORT COMMAND ARG…   `BOWLINE proxy` to a server that this starts, and starts again
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const VERSION = '2026-07-28';
const ME = { name: 'interop-ts', version: '1.0.0' };
const [part, ...argv] = process.argv.slice(2);
const report = (feature, ok, detail) => process.stdout.write(JSON.stringify({ feature, ok, detail: detail ?? '' }) + '\n');
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
const canonical = value =>
    value && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.keys(value).sort().map(key => [key, canonical(value[key])]))
        : Array.isArray(value) ? value.map(canonical) : value;
const show = value => JSON.stringify(canonical(value)) ?? 'undefined';
function same(what, got, want) {
    if (show(got) !== show(want)) throw new Error(`${what}: got ${show(got).slice(0, 400)}, want ${show(want).slice(0, 400)}`);
}
function ok(what, condition, detail = '') {
    if (!condition) throw new Error(`${what} ${detail}`);
}

async function open(transport) {
    const client = new Client(ME, { versionNegotiation: { mode: { pin: VERSION } } });
    await client.connect(transport, { timeout: 20_000 });
    return client;
}

async function run(rows) {
    for (const [feature, row] of Object.entries(rows)) {
        try {
            report(feature, true, await row());
        } catch (error) {
            report(feature, false, String(error?.message ?? error));
        }
    }
}

// --- up ----------------------------------------------------------------------------------------------------------

/** One tool of each server, what it is called with, and what it answers exactly. */
function servers(folder) {
    const text = value => ({ content: [{ type: 'text', text: value }] });
    const json = result => JSON.parse(result.content[0].text);
    const knot = { name: 'bowline', entityType: 'knot', observations: ['does not slip'] };
    const thought = { thought: 'Make a loop.', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 };
    return [
        {
            name: 'everything', mark: 'server-everything/', tool: 'get-sum', args: n => ({ a: n, b: 1 }),
            check: (result, n) => same('everything', result.content, text(`The sum of ${n} and 1 is ${n + 1}.`).content)
        },
        {
            name: 'filesystem', mark: 'server-filesystem/', tool: 'read_text_file', args: () => ({ path: `${folder}/knots.txt` }),
            check: result => same('filesystem', result.content, text('bowline\nsheet bend\n').content)
        },
        {
            name: 'memory', mark: 'server-memory/', tool: 'open_nodes', args: () => ({ names: ['bowline'] }),
            before: call => call('memory__create_entities', { entities: [knot] }),
            check: result => same('memory', json(result), { entities: [knot], relations: [] })
        },
        {
            name: 'sequential-thinking', mark: 'server-sequential-thinking/', tool: 'sequentialthinking',
            args: n => ({ ...thought, thoughtNumber: n + 1, totalThoughts: n + 1 }),
            check: (result, n) => {
                const { thoughtHistoryLength, ...rest } = json(result);
                ok('the history of thoughts', thoughtHistoryLength > 0, show(thoughtHistoryLength));
                same('sequential-thinking', rest, { thoughtNumber: n + 1, totalThoughts: n + 1, nextThoughtNeeded: false, branches: [] });
            }
        },
        {
            name: 'time', mark: 'mcp-server-time', tool: 'convert_time',
            args: () => ({ source_timezone: 'Etc/UTC', time: '12:00', target_timezone: 'Asia/Tokyo' }),
            check: result => same('time', json(result).time_difference, '+9.0h')
        }
    ];
}

/** The processes below one whose command line has this in it. */
function processes(below, mark) {
    const all = new Map();
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
        try {
            const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
            const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
            const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
            all.set(Number(pid), { parent: Number(parent), line, dead: state === 'Z' });
        } catch {
            // It ended meanwhile.
        }
    }
    const isBelow = pid => pid === below || (all.has(pid) && isBelow(all.get(pid).parent));
    return [...all].filter(([pid, one]) => !one.dead && one.line.includes(mark) && isBelow(one.parent)).map(([pid]) => pid);
}

const percentile = (times, share) => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? NaN;

async function up(url, pid, seconds, folder) {
    const client = await open(new StreamableHTTPClientTransport(new URL(url)));
    const call = (name, args) => client.callTool({ name, arguments: args }, { timeout: 20_000 });
    const all = servers(folder);
    const took = { quiet: [], kills: [] };
    const failures = [], failed = [];

    /** One exact call: how long it took. */
    const exact = async (server, n) => {
        const begun = performance.now();
        const result = await call(`${server.name}__${server.tool}`, server.args(n));
        const time = performance.now() - begun;
        server.check(result, n);
        return time;
    };

    // What runs now: whether somebody is killed in this second, and whose calls do not count in it.
    let round, over = false;
    const loop = async server => {
        for (let n = 0; !over; n++) {
            if (server.held) await server.held;
            if (over) break;
            const now = round;
            try {
                server.running = exact(server, n);
                const time = await server.running;
                if (now && now === round && now.victim !== server) now.times.push(time);
            } catch (error) {
                failures.push(`${server.name}: ${error?.message ?? error}`);
            }
            await pause(10);
        }
    };

    /** Kills a server in the middle of a call: how long that call took to fail. */
    const kill = async server => {
        let release;
        server.held = new Promise(resolve => (release = resolve));
        await server.running?.catch(() => {});
        const pids = processes(pid, server.mark);
        ok(`${server.name} has a process`, pids.length > 0);
        pids.forEach(pid => process.kill(pid, 'SIGSTOP'));
        let settled;
        const lost = exact(server, 0).then(() => 'it was answered', error => error).finally(() => (settled = performance.now()));
        await pause(50);
        ok(`${server.name} was in the middle of a call`, settled === undefined);
        const killed = performance.now();
        pids.forEach(pid => process.kill(pid, 'SIGKILL'));
        const error = await Promise.race([lost, pause(5000).then(() => 'nothing for 5 s')]);
        const time = settled - killed;
        failed.push(time);
        const message = String(error?.message ?? error);
        if (!(error instanceof Error)) failures.push(`a call of ${server.name}, which was killed: ${message}`);
        else if (!message.includes(server.name)) failures.push(`the error of ${server.name} does not name it: ${message}`);
        if (!(time <= 100)) failures.push(`a call of ${server.name} failed ${Math.round(time)} ms after the kill`);
        server.held = undefined;
        release();
    };

    await run({
        async exact() {
            for (const server of all) {
                await server.before?.(call);
                for (let n = 0; n < 5; n++) await exact(server, n);
            }
            const names = (await client.listTools()).tools.map(tool => tool.name);
            for (const server of all) ok(server.name, names.includes(`${server.name}__${server.tool}`), show(names));
            return `${names.length} tools`;
        },
        async kills() {
            const loops = all.map(loop);
            for (let second = 0; second < seconds; second++) {
                const victim = all[second % all.length];
                for (const kind of ['quiet', 'kills']) {
                    const end = pause(1000);
                    round = { victim, times: took[kind] };
                    if (kind === 'kills') await kill(victim);
                    await end;
                }
            }
            over = true;
            await Promise.all(loops);
            ok('failures', failures.length === 0, `${failures.length}: ${failures.slice(0, 5).join('; ')}`);
            same('kills', failed.length, seconds);
            return `${seconds}, ${Math.max(...failed).toFixed(1)} ms at most`;
        },
        async others() {
            const [quiet, kills] = [percentile(took.quiet, 0.95), percentile(took.kills, 0.95)];
            const said = `p95 ${kills.toFixed(1)} ms, ${quiet.toFixed(1)} without kills`;
            ok('there were enough calls', took.quiet.length > 20 * seconds && took.kills.length > 20 * seconds, `${took.quiet.length} and ${took.kills.length}`);
            ok(said, kills <= 2 * quiet);
            return `${said}, of ${took.kills.length}`;
        }
    });
    await client.close();
}

// --- proxy -------------------------------------------------------------------------------------------------------

async function proxy(bowline, port, command) {
    const listens = () =>
        new Promise(resolve => {
            const socket = dial(Number(port), '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
            socket.on('connect', () => socket.destroy());
        });
    const until = async wanted => {
        for (const end = Date.now() + 20_000; (await listens()) !== wanted; await pause(50)) {
            ok(`the server ${wanted ? 'listens' : 'is gone'}`, Date.now() < end);
        }
    };
    const start = async () => {
        const server = spawn(command[0], command.slice(1), { env: { ...process.env, PORT: port }, stdio: ['ignore', 'ignore', 'inherit'] });
        await until(true);
        return server;
    };
    const stop = async server => {
        const ended = new Promise(resolve => server.once('exit', resolve));
        server.kill('SIGKILL');
        await ended;
        await until(false);
    };
    let server = await start();
    const args = ['proxy', `http://127.0.0.1:${port}/mcp`];
    const client = await open(new StdioClientTransport({ command: bowline, args, env: { ...process.env }, stderr: 'inherit' }));
    const echo = async message => {
        const { content } = await client.callTool({ name: 'echo', arguments: { message } }, { timeout: 20_000 });
        ok('echo', content[0].text.endsWith(message), show(content));
    };
    const names = async () => (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.map(tool => tool.name).sort();
    let before;
    await run({
        async proxied() {
            before = await names();
            ok('its own names', before.includes('echo'), show(before));
            await echo('before');
            return `${before.length} tools`;
        },
        async restarted() {
            await stop(server);
            await echo('away').then(
                () => ok('an echo of nobody', false),
                error => ok('the error is one of the protocol', typeof error?.code === 'number', String(error))
            );
            server = await start();
            const begun = performance.now();
            await echo('after');
            const took = performance.now() - begun;
            same('tools', await names(), before);
            return `${took.toFixed(0)} ms to the first answer`;
        },
        async restarted_at_once() {
            for (let n = 0; n < 3; n++) {
                await stop(server);
                server = await start();
                await echo(`round ${n}`);
            }
        }
    });
    await client.close();
    await stop(server);
}

process.on('unhandledRejection', error => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`));
if (part === 'up') await up(argv[0], Number(argv[1]), Number(argv[2]), argv[3]);
else if (part === 'proxy') await proxy(argv[0], argv[1], argv.slice(2));
else process.exit(2);
process.exit(0);
