// `bowline proxy` to a protected server, with the login that `bowline login` has made.
//
//   node proxied.mjs BOWLINE URL ISSUER MANY (told | refused)
//
// MANY is how many calls are made at once, by eight processes, after the token has expired; that it has, they were `told`
// before, or learn when they are `refused`. `INTEROP_EXPIRES` is after how many seconds a token is refused. Prints one
// JSON line per feature.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { pause, run, same } from './login.mjs';

const [bowline, url, issuer, many, learns] = process.argv.slice(2);
const expires = Number(process.env.INTEROP_EXPIRES) * 1000;
const PROCESSES = 8;
const flags = ['-vvv', '--trace-messages', process.env.INTEROP_MESSAGES];
const env = { ...process.env };
const clients = [];
/** Another `bowline proxy`, with the same login. */
async function open() {
    const client = new Client({ name: 'interop-ts', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    clients.push(client);
    await client.connect(new StdioClientTransport({ command: bowline, args: ['proxy', ...flags, url], env, stderr: 'inherit' }), { timeout: 20_000 });
}
async function echo(message, client = clients[0]) {
    const { content } = await client.callTool({ name: 'echo', arguments: { message } }, { timeout: 60_000 });
    same('echo', content[0].text, message);
}
/** How many requests the authorization server had of a sort. */
const requests = async sort => (await (await fetch(`${issuer}/admin/requests`)).json())[sort] ?? 0;
/** How many requests the server has refused. */
const refusals = async () => Number(/\d+/.exec(await (await fetch(url.replace('/mcp', '/refused'))).text()));
const REFRESH = 'token refresh_token';

await run({
    async proxied() {
        await open();
        await echo('with the login that is kept');
    },
    async expired() {
        await echo('before');
        const before = await requests(REFRESH);
        await pause(expires + 1500);
        await echo('after');
        same('refreshes', (await requests(REFRESH)) - before, 1);
    },
    async one_refresh() {
        while (clients.length < PROCESSES) await open();
        for (const client of clients) await echo('before', client);
        await pause(expires + 1500);
        // However long the calls take, the next token lasts longer.
        await fetch(`${issuer}/admin/lifetime?seconds=3600`, { method: 'POST' });
        // However fast we are, nobody has the next token before everybody was refused.
        if (learns === 'refused') await fetch(`${issuer}/admin/slow?seconds=5`, { method: 'POST' });
        const [before, refused] = [await requests(REFRESH), await refusals()];
        const begun = performance.now();
        await Promise.all(Array.from({ length: Number(many) }, (_, n) => echo(`call ${n}`, clients[n % PROCESSES])));
        const took = Math.round(performance.now() - begun);
        same(`refreshes for ${many} calls in ${took} ms`, (await requests(REFRESH)) - before, 1);
        const seen = (await refusals()) - refused;
        same('refused', seen, learns === 'told' ? 0 : Number(many));
        return `${seen} refused, ${took} ms`;
    }
});
for (const client of clients) await client.close();
