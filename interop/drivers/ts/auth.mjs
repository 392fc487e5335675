// Logs in to a protected server with the TypeScript SDK 2.x and prints one JSON line per feature.
//
//   node auth.mjs URL DOCUMENT PREFIX
//
// No person and no browser is there: the authorization server approves everything. DOCUMENT is the URL of the document
// that says who this client is; names of tools begin with PREFIX. `INTEROP_EXPIRES` is after how many seconds a token is
// refused.
import { Peer, ok, pause, run, same } from './login.mjs';

const [url, document, prefix] = process.argv.slice(2);
const expires = Number(process.env.INTEROP_EXPIRES) * 1000;
const newPeer = (user, document) => new Peer(url, user, { document, prefix });

/** `resource` on both legs is what the server says of itself, byte for byte. */
function bound(peer) {
    for (const asked of peer.provider.asked) same('resource', asked.searchParams.get('resource'), url);
}

const scopes = peer => peer.provider.asked.map(asked => asked.searchParams.get('scope').split(' ').filter(one => one !== 'offline_access').sort().join(' '));

await run({
    async registered() {
        const peer = await newPeer('alice').connect();
        ok(`client ${peer.provider.client.client_id} was registered`, peer.provider.client.client_id.startsWith('dyn-'));
        same('logins', peer.provider.asked.length, 1);
        bound(peer);
        await peer.echo('registered');
        await peer.client.close();
    },
    async document() {
        const peer = await newPeer('bob', document).connect();
        same('client', peer.provider.client.client_id, document);
        same('logins', peer.provider.asked.length, 1);
        bound(peer);
        await peer.echo('documented');
        await peer.client.close();
    },
    async stepped_up() {
        const peer = await newPeer('alice', document).connect();
        await peer.echo('before');
        same('logins', peer.provider.asked.length, 1);
        same('sum', await peer.loggingIn(() => peer.sum()), 3);
        same('scopes', scopes(peer), ['mcp', 'admin mcp']);
        same('again', await peer.sum(), 3);
        same('logins', peer.provider.asked.length, 2);
        bound(peer);
        await peer.client.close();
    },
    async refreshed() {
        const peer = await newPeer('alice', document).connect();
        await peer.echo('before');
        const before = peer.provider.kept;
        await pause(expires + 1500);
        await peer.echo('after');
        same('logins', peer.provider.asked.length, 1);
        ok('there is another access token', peer.provider.kept.access_token !== before.access_token);
        ok('there is another refresh token', peer.provider.kept.refresh_token !== before.refresh_token);
        await peer.client.close();
    }
});
