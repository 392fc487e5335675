use super::super::{Config, Environment, Way};
use super::support::Folder;
use expect_test::expect;
use std::fmt::Write;

/// What a text becomes as the argument of a program.
fn expanded(text: &str) -> String {
    let written = serde_json::to_string(text).unwrap();
    let text = format!(
        r#"{{ "inputs": [{{ "id": "key" }}, {{ "id": "region", "default": "eu" }}],
              "servers": {{ "a": {{ "command": "x", "args": [{written}] }} }} }}"#
    );
    let config = Config::parse("/project/.mcp.json", &text).unwrap();
    let environment = Environment::new()
        .variable("HOME", "/home/ann")
        .variable("TOKEN", "t0ken")
        .variable("EMPTY", "")
        .variable("DOLLAR", "${TOKEN}")
        .input("key", "k3y");
    match config.entry("a").unwrap().resolve(&environment) {
        Ok(resolved) => match resolved.way {
            Way::Stdio { args, .. } => args.concat(),
            Way::Http { .. } => unreachable!(),
        },
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn variables_stand_for_these() {
    let mut table = String::new();
    for text in [
        "plain $TOKEN {TOKEN} $$ }",
        "${TOKEN}",
        "a${TOKEN}b${TOKEN}c",
        "${env:TOKEN}",
        "[${EMPTY}]",
        "[${EMPTY:-default}]",
        "${DOLLAR}",
        "${UNSET:-default with :- and spaces}",
        "${UNSET:-}",
        "${env:UNSET:-x}",
        "${input:key}",
        "${input:region}",
        "${workspaceFolder}/a",
        "${workspaceFolderBasename}",
        "${userHome}",
        "a${/}b${pathSeparator}c",
        "${UNSET}",
        "${UNSET} and ${env:ALSO_UNSET}",
        "${input:kez}",
        "${input:unlike}",
        "${file}",
        "${config:x}",
        "${}",
        "${a b}",
        "${TOKEN",
        "${A:-${B}}",
    ] {
        let _ = writeln!(
            table,
            "{text:40} [{}]",
            expanded(text).replace('\n', "\n                                         ")
        );
    }
    expect![[r#"
        plain $TOKEN {TOKEN} $$ }                [plain $TOKEN {TOKEN} $$ }]
        ${TOKEN}                                 [t0ken]
        a${TOKEN}b${TOKEN}c                      [at0kenbt0kenc]
        ${env:TOKEN}                             [t0ken]
        [${EMPTY}]                               [[]]
        [${EMPTY:-default}]                      [[]]
        ${DOLLAR}                                [${TOKEN}]
        ${UNSET:-default with :- and spaces}     [default with :- and spaces]
        ${UNSET:-}                               []
        ${env:UNSET:-x}                          [x]
        ${input:key}                             [k3y]
        ${input:region}                          [eu]
        ${workspaceFolder}/a                     [/project/a]
        ${workspaceFolderBasename}               [project]
        ${userHome}                              [/home/ann]
        a${/}b${pathSeparator}c                  [a/b/c]
        ${UNSET}                                 [/project/.mcp.json:2:60: servers.a.args[0]: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}]
        ${UNSET} and ${env:ALSO_UNSET}           [/project/.mcp.json:2:60: servers.a.args[0]: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
                                                 /project/.mcp.json:2:60: servers.a.args[0]: wants ${ALSO_UNSET}, which is not set; set ALSO_UNSET in the environment, or write ${ALSO_UNSET:-default}]
        ${input:kez}                             [/project/.mcp.json:2:60: servers.a.args[0]: wants the input `kez`, which `inputs` does not declare; did you mean `key`?]
        ${input:unlike}                          [/project/.mcp.json:2:60: servers.a.args[0]: wants the input `unlike`, which `inputs` does not declare]
        ${file}                                  [/project/.mcp.json:2:60: servers.a.args[0]: wants ${file}, which is not set; set file in the environment, or write ${file:-default}]
        ${config:x}                              [/project/.mcp.json:2:60: servers.a.args[0]: has a variable that is none: ${config:x}; write ${NAME}, ${NAME:-default}, ${env:NAME}, ${input:ID} or ${workspaceFolder}]
        ${}                                      [/project/.mcp.json:2:60: servers.a.args[0]: has a variable that is none: ${}; write ${NAME}, ${NAME:-default}, ${env:NAME}, ${input:ID} or ${workspaceFolder}]
        ${a b}                                   [/project/.mcp.json:2:60: servers.a.args[0]: has a variable that is none: ${a b}; write ${NAME}, ${NAME:-default}, ${env:NAME}, ${input:ID} or ${workspaceFolder}]
        ${TOKEN                                  [/project/.mcp.json:2:60: servers.a.args[0]: has a `${` without its `}`]
        ${A:-${B}}                               [/project/.mcp.json:2:60: servers.a.args[0]: has a `${` without its `}`]
    "#]].assert_eq(&table);
}

#[test]
fn what_is_missing_for_one_server_stops_no_other() {
    let text = r#"{ "mcpServers": {
        "a": { "command": "${UNSET_A}", "env": { "K": "${UNSET_B}" }, "cwd": "${UNSET_C}" },
        "b": { "url": "https://${HOST}/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } }
    } }"#;
    let config = Config::parse("/project/.mcp.json", text).unwrap();
    let environment = Environment::new().variable("HOST", "b.test").variable("TOKEN", "t");
    let a = config.entry("a").unwrap().resolve(&environment).unwrap_err();
    expect![[r#"
        /project/.mcp.json:2:27: mcpServers.a.command: wants ${UNSET_A}, which is not set; set UNSET_A in the environment, or write ${UNSET_A:-default}
        /project/.mcp.json:2:55: mcpServers.a.env.K: wants ${UNSET_B}, which is not set; set UNSET_B in the environment, or write ${UNSET_B:-default}
        /project/.mcp.json:2:78: mcpServers.a.cwd: wants ${UNSET_C}, which is not set; set UNSET_C in the environment, or write ${UNSET_C:-default}"#]].assert_eq(&a.to_string());
    let Way::Http { url, headers, .. } =
        config.entry("b").unwrap().resolve(&environment).unwrap().way
    else {
        unreachable!()
    };
    assert_eq!((url.as_str(), headers[0].1.expose()), ("https://b.test/mcp", "Bearer t"));
}

#[test]
fn values_that_would_break_what_they_are_put_into_are_refused() {
    let text = r#"{ "mcpServers": {
        "line": { "url": "https://a.test", "headers": { "A": "${BREAK}" } },
        "scheme": { "url": "${BREAK}" },
        "empty": { "command": "${EMPTY}" }
    } }"#;
    let config = Config::parse("/p/.mcp.json", text).unwrap();
    let environment = Environment::new().variable("BREAK", "s3cret\r\nB: c").variable("EMPTY", " ");
    let mut table = String::new();
    for entry in config.entries() {
        let _ = writeln!(table, "{}", entry.resolve(&environment).unwrap_err());
    }
    expect![[r#"
        /p/.mcp.json:2:62: mcpServers.line.headers.A: has a control character in it, such as a line break
        /p/.mcp.json:3:28: mcpServers.scheme.url: is no URL of a server; write http://… or https://…
        /p/.mcp.json:4:31: mcpServers.empty.command: is empty
    "#]].assert_eq(&table);
}

#[test]
fn relative_paths_begin_at_the_config() {
    let mut table = String::new();
    for (command, cwd) in
        [("x", "null"), ("./x", "null"), ("bin/x", "\"sub\""), ("/bin/x", "\"/tmp\"")]
    {
        let cwd = if cwd == "null" { String::new() } else { format!(", \"cwd\": {cwd}") };
        let text = format!(r#"{{ "mcpServers": {{ "a": {{ "command": "{command}"{cwd} }} }} }}"#);
        let config = Config::parse("/p/mcp.json", &text).unwrap();
        let resolved = config.entry("a").unwrap().resolve(&Environment::new()).unwrap();
        let Way::Stdio { command: program, cwd, .. } = resolved.way else { unreachable!() };
        let _ = writeln!(table, "{command:8} {program:12} {cwd:?}");
    }
    expect![[r#"
        x        x            None
        ./x      /p/./x       None
        bin/x    /p/bin/x     Some("/p/sub")
        /bin/x   /bin/x       Some("/tmp")
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_file_of_variables_is_read_and_overridden() {
    let folder = Folder::new();
    folder.write(
        "vars",
        "# comment\nA=from file\nexport B = 'single $x \\n' # why\nC=\"a\\nb\\\"c\" \nD=plain value # comment\nE=a#b\nF=\n",
    );
    let text =
        r#"{ "servers": { "a": { "command": "x", "envFile": "vars", "env": { "A": "own" } } } }"#;
    let path = folder.write("mcp.json", text);
    let config = Config::read(&path).unwrap();
    let Way::Stdio { env, .. } =
        config.entry("a").unwrap().resolve(&Environment::new()).unwrap().way
    else {
        unreachable!()
    };
    let shown: Vec<_> =
        env.iter().map(|(name, value)| format!("{name}={:?}", value.expose())).collect();
    expect![[r#"
        B="single $x \\n"
        C="a\nb\"c"
        D="plain value"
        E="a#b"
        F=""
        A="own""#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn a_file_of_variables_that_is_wrong_is_named_with_its_lines() {
    let folder = Folder::new();
    folder.write("vars", "A\nB=ok\n1C=x\nD='open\nE=\"x\" y\n");
    let text = r#"{ "servers": {
        "a": { "command": "x", "envFile": "vars" },
        "b": { "command": "x", "envFile": "none" }
    } }"#;
    let config = Config::read(folder.write("mcp.json", text)).unwrap();
    let mut table = String::new();
    for entry in config.entries() {
        let _ = writeln!(table, "{}", entry.resolve(&Environment::new()).unwrap_err());
    }
    expect![[r#"
        FOLDER/mcp.json:2:43: servers.a.envFile: names FOLDER/vars, which has a line without `=` (line 1); write NAME=VALUE
        FOLDER/mcp.json:2:43: servers.a.envFile: names FOLDER/vars, which has a line that names no variable (line 3); write NAME=VALUE
        FOLDER/mcp.json:2:43: servers.a.envFile: names FOLDER/vars, which has a quote that nothing closes (line 4); write NAME=VALUE
        FOLDER/mcp.json:2:43: servers.a.envFile: names FOLDER/vars, which has text behind a closing quote (line 5); write NAME=VALUE
        FOLDER/mcp.json:3:43: servers.b.envFile: names FOLDER/none, which cannot be read: No such file or directory (os error 2)
    "#]].assert_eq(&folder.shown(&table));
}
