// A server with the TypeScript SDK of a protocol version.
//
//   node server.mjs VERSION (stdio | http PORT | stateless PORT | sse PORT)
//
// `stateless` keeps no session and answers with JSON; it and `http` listen on /mcp, `sse` on /sse. The SDK is the newest
// whose latest version is the one named.
import { readFileSync } from 'node:fs';

const [version, transport, port] = process.argv.slice(2);
const modern = version === '2026-07-28';
const folder = modern ? '@modelcontextprotocol/server' : `sdk-${version}`;
process.env.INTEROP_RELEASE = JSON.parse(readFileSync(new URL(`../node_modules/${folder}/package.json`, import.meta.url), 'utf8')).version;
process.env.INTEROP_SURFACE ??= new URL('../surface.json', import.meta.url).pathname;
const server = await import(modern ? './modern.mjs' : './legacy.mjs');
await { stdio: () => server.stdio(), http: () => server.http(port, false), stateless: () => server.http(port, true), sse: () => server.sse(port) }[transport]();
