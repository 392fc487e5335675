//! The key `bowline`: what it says, and how people get it wrong.

use super::super::{Config, Environment};
use expect_test::{Expect, expect};
use std::fmt::Write;

/// What stands under the key in a config with the servers `git` and `web`, or everything that is wrong.
fn check(key: &str, expected: &Expect) {
    let text = format!(
        "{{\n\"mcpServers\": {{ \"git\": {{ \"command\": \"x\" }}, \"web\": {{ \"url\": \"https://a.test\" }} }},\n\
         \"bowline\": {key} }}"
    );
    let environment = Environment::new().variable("PORT", "9000").variable("BAD", "no address");
    let shown = match Config::parse("/etc/mcp/servers.json", &text).unwrap().setup(&environment) {
        Ok(setup) => format!("{:#?}", setup.bowline),
        Err(problems) => problems.to_string().replace("/etc/mcp/servers.json:", ""),
    };
    expected.assert_eq(&format!("{shown}\n"));
}

#[test]
fn everything_that_can_be_said_is_read() {
    check(
        r#"{
            "listen": ":${PORT}", "admin": "127.0.0.1:9001", "path": "/all", "allowHost": ["mcp.test:443"],
            "allowOrigin": ["https://app.test"], "publicUrl": "https://mcp.test", "tls": { "cert": "cert.pem", "key": "/run/key.pem" },
            "tokenFile": "tokens", "sessions": false, "limits": "public", "keepAlive": "20s", "traceMessages": "-",
            "naming": "flat", "isolation": "principal", "idleStop": false,
            "profiles": { "read": ["git__log", "web__*"], "none": [] },
            "servers": {
                "git": { "isolation": "session", "instances": 4, "idleStop": "1h", "maxMemory": "512MiB", "questions": false, "roots": ["src code", "file:///srv"] },
                "web": { "idleStop": false, "maxMemory": 2000000 },
            },
            "upstream": { "timeout": "2m", "protocol": "2025-06-18", "cacert": "ca.pem", "cert": "me.pem", "key": "me.key" },
        }"#,
        &expect![[r#"
            Bowline {
                settings: Settings {
                    naming: Flat,
                    isolation: Some(
                        Principal,
                    ),
                    idle_stop: None,
                    profiles: [
                        Profile {
                            name: "read",
                            globs: [
                                "git__log",
                                "web__*",
                            ],
                        },
                        Profile {
                            name: "none",
                            globs: [],
                        },
                    ],
                    access: None,
                    scopes: Needed {
                        methods: {},
                        tools: {},
                    },
                    servers: {
                        "git": ServerSettings {
                            isolation: Some(
                                Session,
                            ),
                            instances: Some(
                                4,
                            ),
                            idle_stop: Some(
                                3600s,
                            ),
                            max_memory: Some(
                                536870912,
                            ),
                            questions: Some(
                                false,
                            ),
                            roots: Some(
                                [
                                    Root {
                                        uri: "file:///etc/mcp/src%20code",
                                        name: None,
                                        meta: None,
                                        extra: Extra(
                                            None,
                                        ),
                                    },
                                    Root {
                                        uri: "file:///srv",
                                        name: None,
                                        meta: None,
                                        extra: Extra(
                                            None,
                                        ),
                                    },
                                ],
                            ),
                            access: None,
                            scopes: [],
                            credentials: None,
                            client: None,
                        },
                        "web": ServerSettings {
                            isolation: None,
                            instances: None,
                            idle_stop: Some(
                                315360000s,
                            ),
                            max_memory: Some(
                                2000000,
                            ),
                            questions: None,
                            roots: None,
                            access: None,
                            scopes: [],
                            credentials: None,
                            client: None,
                        },
                    },
                },
                listen: Some(
                    ":9000",
                ),
                admin: Some(
                    "127.0.0.1:9001",
                ),
                allow_uid: [],
                path: Some(
                    "/all",
                ),
                allow_host: [
                    "mcp.test:443",
                ],
                allow_origin: [
                    "https://app.test",
                ],
                public_url: Some(
                    "https://mcp.test",
                ),
                tls: Some(
                    (
                        "/etc/mcp/cert.pem",
                        "/run/key.pem",
                    ),
                ),
                token_file: Some(
                    "/etc/mcp/tokens",
                ),
                auth: None,
                sessions: Some(
                    false,
                ),
                limits: Some(
                    "public",
                ),
                keep_alive: Some(
                    20s,
                ),
                trace_messages: Some(
                    "-",
                ),
                upstream: Upstream {
                    timeout: Some(
                        120s,
                    ),
                    protocol: Some(
                        V2025_06_18,
                    ),
                    cacert: Some(
                        "/etc/mcp/ca.pem",
                    ),
                    identity: Some(
                        (
                            "/etc/mcp/me.pem",
                            "/etc/mcp/me.key",
                        ),
                    ),
                },
            }
        "#]],
    );
}

#[test]
fn nothing_said_is_nothing_told() {
    let text = r#"{ "mcpServers": {} }"#;
    let setup = Config::parse("x", text).unwrap().setup(&Environment::new()).unwrap();
    assert_eq!(setup, super::super::Setup::default());
    let text = r#"{ "mcpServers": {}, "bowline": {} }"#;
    let setup = Config::parse("x", text).unwrap().setup(&Environment::new()).unwrap();
    assert_eq!(setup, super::super::Setup::default());
}

#[test]
fn every_mistake_is_told_with_its_place() {
    check(
        "[]",
        &expect![[r#"
        3:12: bowline: is a list, and must be an object
    "#]],
    );
    check(
        r#"{
            "lisen": ":1", "listen": 8080, "namig": "flat", "other": 1, "naming": "flatt", "isolation": "everybody",
            "idleStop": 10, "keepAlive": "500ms", "limits": "loose", "tls": { "cert": "x" }, "sessions": "no",
            "allowUid": [-1, "0", 1.5], "allowHost": "a", "profiles": { "a b": ["x"], "p": [""], "q": "x" },
            "servers": {
                "gti": {}, "other": {}, "git": { "instances": 0, "maxMemory": "1KiB", "maxmemory": 1, "idleStop": "forever", "questions": 1, "roots": "x" },
                "web": { "maxMemory": "lots", "instances": 100000, "timeout": 1 }
            },
            "upstream": { "timeout": 30, "protocol": "2025-06", "key": "x", "proxy": "y" },
            "admin": ":x", "path": "all", "publicUrl": "mcp.test", "allowOrigin": ["app.test"], "tokenFile": "${TOKENS}"
        }"#,
        &expect![[r#"
            4:13: bowline.lisen: is no setting; did you mean `listen`?
            4:38: bowline.listen: is a number, and must be text
            4:44: bowline.namig: is no setting; did you mean `naming`?
            4:61: bowline.other: is no setting; there are listen, admin, allowUid, path, allowHost, allowOrigin, publicUrl, tls, tokenFile, auth, access, sessions, limits, keepAlive, traceMessages, naming, isolation, idleStop, profiles, servers, upstream
            4:83: bowline.naming: is "flatt"; did you mean "flat"?
            4:105: bowline.isolation: is "everybody"; write one of shared, principal, session
            5:25: bowline.idleStop: is a number, and must be a time with its unit, such as "10m", or false for never
            5:42: bowline.keepAlive: is no whole number of seconds up to an hour; write "15s"
            5:61: bowline.limits: is "loose"; write one of local, public, trusted
            5:70: bowline.tls: has no `key`; a certificate and its key go together
            5:106: bowline.sessions: is text, and must be true or false
            6:13: bowline.allowUid: means nothing over HTTP; remove it, or write "listen": "unix:PATH"
            6:26: bowline.allowUid[0]: is -1; write a whole number from 0 to 4294967295
            6:30: bowline.allowUid[1]: is text, and must be a number
            6:35: bowline.allowUid[2]: is 1.5; write a whole number from 0 to 4294967295
            6:54: bowline.allowHost: is text, and must be a list of texts
            6:73: bowline.profiles."a b": is no name for a profile, which is a part of a URL; use up to 64 letters, digits, `_` and `-`
            6:93: bowline.profiles.p[0]: is empty and matches nothing; write * for everything
            6:103: bowline.profiles.q: is text, and must be a list of texts
            8:17: bowline.servers.gti: is about a server that is not in this config; did you mean `git`?
            8:28: bowline.servers.other: is about a server that is not in this config; there are git, web
            8:63: bowline.servers.git.instances: is 0; write a whole number from 1 to 1024
            8:79: bowline.servers.git.maxMemory: is "1KiB", which is no size from 1MiB to 1TiB; write bytes, or a number with KiB, MiB, GiB, kB, MB or GB
            8:87: bowline.servers.git.maxmemory: is no setting; did you mean `maxMemory`?
            8:115: bowline.servers.git.idleStop: is "forever", which is no time from 1ms to 24h; write a number with ms, s, m or h: "500ms", "30s", "10m"
            8:139: bowline.servers.git.questions: is a number, and must be true or false
            8:151: bowline.servers.git.roots: is text, and must be a list of texts
            9:39: bowline.servers.web.maxMemory: is "lots", which is no size from 1MiB to 1TiB; write bytes, or a number with KiB, MiB, GiB, kB, MB or GB
            9:60: bowline.servers.web.instances: is 100000; write a whole number from 1 to 1024
            9:68: bowline.servers.web.timeout: is no setting; there are isolation, instances, idleStop, maxMemory, questions, roots, access, scopes, credentials, client
            11:13: bowline.upstream: has no `cert`; a certificate and its key go together
            11:38: bowline.upstream.timeout: is a number, and must be a time with its unit, such as "30s"
            11:54: bowline.upstream.protocol: is "2025-06", which is no protocol version that is known; there are 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28
            11:77: bowline.upstream.proxy: is no setting; there are timeout, protocol, cacert, cert, key
            12:22: bowline.admin: is no address; write :PORT, or a loopback address with a port
            12:36: bowline.path: does not begin with /
            12:56: bowline.publicUrl: is no URL; write https://HOST
            12:84: bowline.allowOrigin[0]: is no origin; write https://HOST
            12:110: bowline.tokenFile: wants ${TOKENS}, which is not set; set TOKENS in the environment, or write ${TOKENS:-default}
        "#]],
    );
    check(
        r#"{ "tls": {}, "listen": "${BAD}", "tokenFile": "" }"#,
        &expect![[r#"
        3:14: bowline.tls: has neither `cert` nor `key`; write {"cert": FILE, "key": FILE}
        3:35: bowline.listen: is no address to listen on; write stdio, HOST:PORT, :PORT or unix:PATH
        3:58: bowline.tokenFile: is empty
    "#]],
    );
}

#[test]
fn who_is_let_in_and_may_use_what_is_read() {
    check(
        r#"{
            "auth": {
                "issuer": "https://a.test", "jwks": "http://localhost:${PORT}/keys", "algorithms": ["ES256"], "audience": ["me"],
                "introspection": { "endpoint": "https://a.test/i", "client": { "id": "i", "secret": "s" } },
                "cacert": "ca.pem", "client": { "id": "c" }, "dpop": "required",
                "scopes": { "all": ["mcp"], "methods": { "tools/call": ["call"] }, "tools": { "git__*": ["git"] }, "implies": { "a": ["b"] } }
            },
            "access": [{ "who": "*", "deny": ["x"] }, { "who": ["anonymous", { "name": "a*", "scopes": ["s"], "claims": { "g": "x", "n": 1 } }], "allow": [] }],
            "servers": { "web": { "credentials": "own", "scopes": ["w"], "client": { "id": "x", "secret": "y" }, "access": [{ "who": "bob" }] } }
        }"#,
        &expect![[r#"
            Bowline {
                settings: Settings {
                    naming: Prefix,
                    isolation: None,
                    idle_stop: Some(
                        600s,
                    ),
                    profiles: [],
                    access: Some(
                        [
                            Access {
                                who: [
                                    Everybody,
                                ],
                                allow: None,
                                deny: [
                                    "x",
                                ],
                            },
                            Access {
                                who: [
                                    Anonymous,
                                    Proved(
                                        Proof {
                                            name: Some(
                                                "a*",
                                            ),
                                            scopes: [
                                                "s",
                                            ],
                                            claims: {
                                                "g": "x",
                                                "n": "1",
                                            },
                                        },
                                    ),
                                ],
                                allow: Some(
                                    [],
                                ),
                                deny: [],
                            },
                        ],
                    ),
                    scopes: Needed {
                        methods: {
                            "tools/call": [
                                "call",
                            ],
                        },
                        tools: {
                            "git__*": [
                                "git",
                            ],
                        },
                    },
                    servers: {
                        "web": ServerSettings {
                            isolation: None,
                            instances: None,
                            idle_stop: None,
                            max_memory: None,
                            questions: None,
                            roots: None,
                            access: Some(
                                [
                                    Access {
                                        who: [
                                            Proved(
                                                Proof {
                                                    name: Some(
                                                        "bob",
                                                    ),
                                                    scopes: [],
                                                    claims: {},
                                                },
                                            ),
                                        ],
                                        allow: None,
                                        deny: [],
                                    },
                                ],
                            ),
                            scopes: [
                                "w",
                            ],
                            credentials: Some(
                                Own,
                            ),
                            client: Some(
                                ClientOf {
                                    id: "x",
                                    secret: Some(
                                        Secret,
                                    ),
                                },
                            ),
                        },
                    },
                },
                listen: None,
                admin: None,
                allow_uid: [],
                path: None,
                allow_host: [],
                allow_origin: [],
                public_url: None,
                tls: None,
                token_file: None,
                auth: Some(
                    Auth {
                        issuer: "https://a.test",
                        jwks: Some(
                            "http://localhost:9000/keys",
                        ),
                        algorithms: [
                            "ES256",
                        ],
                        audience: [
                            "me",
                        ],
                        introspection: Some(
                            Introspection {
                                endpoint: "https://a.test/i",
                                client: Some(
                                    ClientOf {
                                        id: "i",
                                        secret: Some(
                                            Secret,
                                        ),
                                    },
                                ),
                            },
                        ),
                        cacert: Some(
                            "/etc/mcp/ca.pem",
                        ),
                        client: Some(
                            ClientOf {
                                id: "c",
                                secret: None,
                            },
                        ),
                        dpop_required: true,
                        scopes: [
                            "mcp",
                        ],
                        implies: {
                            "a": [
                                "b",
                            ],
                        },
                    },
                ),
                sessions: None,
                limits: None,
                keep_alive: None,
                trace_messages: None,
                upstream: Upstream {
                    timeout: None,
                    protocol: None,
                    cacert: None,
                    identity: None,
                },
            }
        "#]],
    );
}

#[test]
fn every_mistake_about_who_is_let_in_is_told() {
    check(
        r#"{ "auth": {} }"#,
        &expect![[r#"
        3:14: bowline.auth: has no `issuer`; write the URL of the authorization server whose tokens let in
    "#]],
    );
    check(
        r#"{
            "auth": {
                "isuer": "https://a.test", "issuer": 1, "jwks": 2, "algorithms": "ES256", "introspection": { "client": {} }, "dpop": "require",
                "client": { "secret": "x" }, "scopes": { "all": ["a b"], "tool": {} }
            },
            "access": [{}, 1, { "woh": "x" }, { "who": "" }, { "who": [] }, { "who": [1] }, { "who": { "scope": "x" } }, { "allow": "x", "deny": [""] }],
            "servers": { "git": { "credentials": "owned", "acces": [], "access": {}, "scopes": [""] } }
        }"#,
        &expect![[r#"
            5:17: bowline.auth.isuer: is no setting; did you mean `issuer`?
            5:54: bowline.auth.issuer: is a number, and must be text
            5:65: bowline.auth.jwks: is a number, and must be text
            5:82: bowline.auth.algorithms: is text, and must be a list of texts
            5:120: bowline.auth.introspection.client: has no `id`; write {"id": "CLIENT", "secret": "${SECRET}"}
            5:134: bowline.auth.dpop: is "require"; did you mean "required"?
            6:27: bowline.auth.client: has no `id`; write {"id": "CLIENT", "secret": "${SECRET}"}
            6:66: bowline.auth.scopes.all[0]: is "a b", which is no scope; write each scope as a text of its own, without spaces
            6:74: bowline.auth.scopes.tool: is no setting; did you mean `tools`?
            8:24: bowline.access[0]: says nothing; write whom it is about and what they may use: {"who": "NAME", "allow": ["*"]}
            8:28: bowline.access[1]: is a number, and must be an object
            8:33: bowline.access[2].woh: is no setting; did you mean `who`?
            8:56: bowline.access[3].who: is empty; write "anonymous" for whoever has no name
            8:71: bowline.access[4].who: is about nobody; write "*" for everybody
            8:87: bowline.access[5].who[0]: is a number, and must be a name, or an object with name, scopes or claims
            8:104: bowline.access[6].who.scope: is no setting; did you mean `scopes`?
            8:133: bowline.access[7].allow: is text, and must be a list of texts
            8:147: bowline.access[7].deny[0]: is empty and matches nothing; write * for everything
            9:50: bowline.servers.git.credentials: is "owned"; write one of own, shared
            9:59: bowline.servers.git.acces: is no setting; did you mean `access`?
            9:82: bowline.servers.git.access: is an object, and must be a list of rules
            9:97: bowline.servers.git.scopes[0]: is "", which is no scope; write each scope as a text of its own, without spaces
        "#]],
    );
    check(
        r#"{ "auth": {
            "issuer": "http://a.test", "jwks": "a.test", "algorithms": ["HS256", "none"], "audience": [""],
            "introspection": { "endpoint": "x", "client": { "id": "", "secret": "${UNSET}" } }
        } }"#,
        &expect![[r#"
            4:23: bowline.auth.issuer: is not encrypted; write https://HOST
            4:48: bowline.auth.jwks: is no URL; write https://HOST
            4:73: bowline.auth.algorithms[0]: is no algorithm that is trusted; write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA
            4:82: bowline.auth.algorithms[1]: is no algorithm that is trusted; write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA
            4:104: bowline.auth.audience[0]: is empty
            5:44: bowline.auth.introspection.endpoint: is no URL; write https://HOST
            5:67: bowline.auth.introspection.client.id: is empty
            5:81: bowline.auth.introspection.client.secret: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        "#]],
    );
    check(
        r#"{ "listen": "stdio", "auth": { "issuer": "https://a.test" } }"#,
        &expect![[r#"
        3:33: bowline.auth: means nothing over stdio; remove it, or write "listen": "HOST:PORT"
    "#]],
    );
}

#[test]
fn what_means_nothing_for_the_way_in_is_a_mistake() {
    check(
        r#"{ "listen": "stdio", "path": "/x", "allowUid": [1000] }"#,
        &expect![[r#"
        3:33: bowline.path: means nothing over stdio; remove it, or write "listen": "HOST:PORT"
        3:47: bowline.allowUid: means nothing over stdio; remove it, or write "listen": "HOST:PORT"
    "#]],
    );
    check(
        r#"{ "listen": "unix:mcp.sock", "tokenFile": "x" }"#,
        &expect![[r#"
        3:41: bowline.tokenFile: means nothing on a Unix socket; remove it, or write "listen": "HOST:PORT"
    "#]],
    );
    check(
        r#"{ "allowUid": [1000] }"#,
        &expect![[r#"
        3:14: bowline.allowUid: means nothing over HTTP; remove it, or write "listen": "unix:PATH"
    "#]],
    );
}

#[test]
fn members_beside_the_servers_are_looked_at() {
    let mut table = String::new();
    for text in [
        r#"{ "$schema": "x", "mcpServers": {}, "sandbox": {} }"#,
        r#"{ "mcpServers": {}, "bowlin": {} }"#,
        r#"{ "mcpServers": {}, "bowline": {}, "bowlin": {} }"#,
        r#"{ "mcpServers": {}, "servers": {} }"#,
        r#"{ "servers": {}, "input": [] }"#,
        r#"{ "mcpServers": {}, "theme": "dark" }"#,
    ] {
        let config = Config::parse("x", text).unwrap();
        let problems = config.problems().iter();
        let problems: Vec<_> =
            problems.map(|problem| format!("{:?} {problem}", problem.severity)).collect();
        let _ = writeln!(
            table,
            "{text}\n    {}",
            if problems.is_empty() { "nothing".to_owned() } else { problems.join("\n    ") }
        );
    }
    expect![[r#"
        { "$schema": "x", "mcpServers": {}, "sandbox": {} }
            nothing
        { "mcpServers": {}, "bowlin": {} }
            Error 1:21: bowlin: is no member of a config; did you mean `bowline`?
        { "mcpServers": {}, "bowline": {}, "bowlin": {} }
            Warning 1:36: bowlin: has no effect here
        { "mcpServers": {}, "servers": {} }
            Warning 1:21: servers: has no effect here
        { "servers": {}, "input": [] }
            Error 1:18: input: is no member of a config; did you mean `inputs`?
        { "mcpServers": {}, "theme": "dark" }
            Warning 1:21: theme: has no effect here
    "#]]
    .assert_eq(&table);
}

#[test]
fn everything_that_is_wrong_anywhere_is_told_at_once() {
    let text = r#"{
        "mcpServers": {
            "a": { "command": "x", "args": ["${UNSET}"], "env": { "B": "${ALSO_UNSET}" } },
            "off": { "command": "${UNSET}", "disabled": true },
            "b": { "command": 1 }
        },
        "bowline": { "listen": "${UNSET}", "nmaing": "flat" }
    }"#;
    let config = Config::parse("servers.json", text).unwrap();
    expect![[r#"
        servers.json:3:45: mcpServers.a.args[0]: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        servers.json:3:72: mcpServers.a.env.B: wants ${ALSO_UNSET}, which is not set; set ALSO_UNSET in the environment, or write ${ALSO_UNSET:-default}
        servers.json:5:31: mcpServers.b.command: is a number, and must be text
        servers.json:7:32: bowline.listen: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        servers.json:7:44: bowline.nmaing: is no setting; did you mean `naming`?"#]].assert_eq(&config.setup(&Environment::new()).unwrap_err().to_string());
    expect![[r#"
        servers.json:7:32: bowline.listen: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        servers.json:7:44: bowline.nmaing: is no setting; did you mean `naming`?"#]].assert_eq(&config.bowline(&Environment::new()).unwrap_err().to_string());
}
