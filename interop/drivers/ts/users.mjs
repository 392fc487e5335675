// Two users of one protected endpoint, behind which is a server that wants a login of each.
//
//   node users.mjs URL PREFIX OTHER
//
// Names of tools begin with PREFIX; OTHER is the client that the endpoint is at the authorization server of the server
// behind it. Prints one JSON line per feature.
import { Peer, ok, pause, run, same } from './login.mjs';

const [url, prefix, other] = process.argv.slice(2);
const [alice, bob] = ['alice', 'bob'].map(user => new Peer(url, user, { prefix, visits: [] }));
const json = async (peer, name, args) => JSON.parse(await peer.call(name, args));
const names = async peer => (await peer.client.listTools(undefined, { cacheMode: 'refresh' })).tools.map(tool => tool.name).sort();

await run({
    async told_where() {
        const nobody = await new Peer(url, 'alice', { prefix }).connect();
        same('tools', await names(nobody), [`${prefix}login`]);
        const said = await nobody.client.callTool({ name: `${prefix}login`, arguments: {} }, { timeout: 20_000 }).then(
            result => JSON.stringify(result.content),
            error => `${error.message} ${JSON.stringify(error.data)}`
        );
        ok(`there is a URL in ${said}`, said.includes('/login/'));
        await nobody.client.close();
    },
    async own_login() {
        for (const peer of [alice, bob]) {
            await peer.connect();
            await peer.client.callTool({ name: `${prefix}login`, arguments: {} }, { timeout: 30_000 });
            same(`pages that ${peer.user} was sent to`, peer.visits.map(visit => visit.status), [200]);
            const end = Date.now() + 10_000;
            while (!(await names(peer)).includes(`${prefix}remember`)) {
                ok(`${peer.user} has the tools after the login`, Date.now() < end);
                await pause(100);
            }
        }
    },
    async apart() {
        for (const peer of [alice, bob]) same(`notes of ${peer.user}`, await json(peer, 'remember', { note: `of ${peer.user}` }), [`of ${peer.user}`]);
        for (let round = 0; round < 20; round++) {
            const both = await Promise.all([alice, bob].map(peer => json(peer, 'recall')));
            same('notes', both, [['of alice'], ['of bob']]);
        }
        for (const peer of [alice, bob]) same('pages', peer.visits.length, 1);
    },
    async own_tokens() {
        for (const peer of [alice, bob]) {
            const who = await json(peer, 'whoami');
            same('user', who.sub, peer.user);
            ok(`the client there is ${who.client}, not that of ${peer.user}`, who.client !== peer.provider.client.client_id);
            if (other) same('client', who.client, other);
        }
    },
    async kept() {
        const again = await new Peer(url, 'alice', { prefix, visits: [] }).connect();
        same('notes', await json(again, 'recall'), ['of alice']);
        same('pages', again.visits, []);
        await again.client.close();
    }
});
for (const peer of [alice, bob]) await peer.client?.close();
