// Drives a server with the TypeScript SDK and prints one JSON line per feature.
//
//   node driver.mjs [--protocol VERSION] [--only ROW,ROW] (--stdio COMMAND ARG… | --http URL | --sse URL)
//
// Without --protocol it is the SDK 2.x as a 2026-07-28 client, else the newest SDK whose latest version is the one named.
import { E, only, pause, peer, protocol, shared } from './common.mjs';

const { rows: own } = await import(protocol === E.revision ? './modern.mjs' : './legacy.mjs');
const { connect, ...rows } = { ...shared, ...own };
const report = (feature, good, detail) => process.stdout.write(JSON.stringify({ feature, ok: good, detail: detail ?? '' }) + '\n');
process.on('unhandledRejection', error => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`));
for (const [feature, row] of Object.entries({ connect, ...rows })) {
    if (only && feature !== 'connect' && !only.includes(feature)) continue;
    try {
        if (feature !== 'connect' && !peer.connection) throw new Error('not connected');
        let timer;
        const limit = new Promise((_, reject) => (timer = setTimeout(reject, 30_000, new Error('the row took more than 30 s'))));
        const detail = await Promise.race([row(), limit]).finally(() => clearTimeout(timer));
        report(feature, true, detail);
    } catch (error) {
        report(feature, false, String(error?.message ?? error));
    }
}
await Promise.race([peer.connection?.close().catch(() => {}), pause(3000)]);
process.exit(0);
