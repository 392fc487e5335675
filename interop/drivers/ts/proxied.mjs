// `bowline proxy` to a protected server, with the login that `bowline login` has made.
//
//   node proxied.mjs BOWLINE URL ISSUER MANY
//
// MANY is how many calls are made at once after the token has expired. `INTEROP_EXPIRES` is after how many seconds a
// token is refused. Prints one JSON line per feature.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { ok, pause, run, same } from './login.mjs';

const [bowline, url, issuer, many] = process.argv.slice(2);
const expires = Number(process.env.INTEROP_EXPIRES) * 1000;
const flags = ['-vvv', '--trace-messages', process.env.INTEROP_MESSAGES];
const client = new Client({ name: 'interop-ts', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
const call = async (name, args) => (await client.callTool({ name, arguments: args }, { timeout: 60_000 })).content[0].text;
const echo = async message => same('echo', await call('echo', { message }), message);
/** How many requests the authorization server had of a sort. */
const requests = async sort => (await (await fetch(`${issuer}/admin/requests`)).json())[sort] ?? 0;
const REFRESH = 'token refresh_token';

await run({
    async proxied() {
        const env = { ...process.env };
        await client.connect(new StdioClientTransport({ command: bowline, args: ['proxy', ...flags, url], env, stderr: 'inherit' }), { timeout: 20_000 });
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
        await echo('before');
        const [before, refused] = [await requests(REFRESH), JSON.parse(await call('whoami', {})).refused.unauthorized];
        await pause(expires + 1500);
        const messages = Array.from({ length: Number(many) }, (_, n) => `call ${n}`);
        const begun = performance.now();
        await Promise.all(messages.map(echo));
        const took = performance.now() - begun;
        const refreshes = (await requests(REFRESH)) - before;
        // Calls that take longer than a token lasts need another one.
        const most = 1 + Math.floor(took / expires);
        ok(`${refreshes} refreshes for ${many} calls`, refreshes >= 1 && refreshes <= most);
        const seen = JSON.parse(await call('whoami', {})).refused.unauthorized - refused;
        return `${refreshes} for ${many} calls, ${seen} refused`;
    }
});
await client.close();
