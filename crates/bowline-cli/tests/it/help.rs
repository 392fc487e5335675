//! What the binary says about itself, and about a command line that it does not understand.

use crate::program::{bowline, ends};
use expect_test::{Expect, expect};

fn check(args: &[&str], expected: &Expect) {
    expected.assert_eq(&ends(&mut bowline(args)));
}

#[test]
fn help_names_the_verbs() {
    check(
        &["--help"],
        &expect![[r#"
            exit code 0
            --- stdout
            Run, call, bridge and serve Model Context Protocol servers

            Usage: bowline [OPTIONS] <COMMAND>

            Commands:
              list         What a server offers, or every server of the config
              info         What a server says about itself
              ping         One round trip, with its time
              call         Call a tool
              read         Read a resource
              prompt       Fill in a prompt
              complete     Values that an argument of a prompt or of a resource template may have
              subscribe    Tell of changes, one line each, until interrupted
              login        Log in to a server that wants to know who calls
              logout       Forget a login
              whoami       What logins there are
              up           Run and connect many servers, and serve them as one
              proxy        Serve one server, whatever it speaks and wherever it is, as one that is started here
              install      Write a server into the configs of MCP clients
              uninstall    Take a server out of the configs of MCP clients again
              configs      The configs of MCP clients on this machine, and the servers in them
              config       Check a config, or write its JSON Schema
              completions  Write the completions for a shell
              serve        Serve something that is built in
              help         Print this message or the help of the given subcommand(s)

            Options:
              -h, --help
                      Print help (see a summary with '-h')

              -V, --version
                      Print version

            Standard error:
              -v, --verbose...
                      Say more on standard error; twice for everything

              -q, --quiet
                      Say only what went wrong

                  --log-format <FORMAT>
                      Form of standard error [default: human on a terminal, json otherwise]

                      Possible values:
                      - human: Lines for people
                      - json:  One JSON object a line
            --- stderr
        "#]],
    );
}

#[test]
fn help_of_serve_names_what_is_built_in() {
    check(
        &["serve", "--help"],
        &expect![[r#"
            exit code 0
            --- stdout
            Serve something that is built in

            Usage: bowline serve [OPTIONS] <COMMAND>

            Commands:
              everything  A reference server with every feature of the protocol, one item each
              filesystem  Files below the directories that are named, and nothing else
              help        Print this message or the help of the given subcommand(s)

            Options:
              -h, --help
                      Print help (see a summary with '-h')

            Standard error:
              -v, --verbose...
                      Say more on standard error; twice for everything

              -q, --quiet
                      Say only what went wrong

                  --log-format <FORMAT>
                      Form of standard error [default: human on a terminal, json otherwise]

                      Possible values:
                      - human: Lines for people
                      - json:  One JSON object a line
            --- stderr
        "#]],
    );
}

#[test]
fn help_of_a_server_names_its_flags_but_not_the_hidden_ones() {
    check(
        &["serve", "everything", "-h"],
        &expect![[r#"
            exit code 0
            --- stdout
            A reference server with every feature of the protocol, one item each

            Usage: bowline serve everything [OPTIONS]

            Options:
                  --listen <ADDRESS>          Where to listen: stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH [default: stdio]
                  --allow-uid <UID>           Let processes of this user call too, besides your own (repeatable; unix:PATH only)
                  --path <PATH>               Path of the HTTP endpoint [default: /mcp]
                  --allow-host <HOST[:PORT]>  Answer for this host too, besides the loopback ones (repeatable)
                  --allow-origin <ORIGIN>     Let web pages of this origin call (repeatable)
                  --public-url <URL>          The URL under which clients know this server; https says that TLS ends in front of it
                  --tls-cert <FILE>           Certificate chain for TLS, a PEM file that is read again when it changes
                  --tls-key <FILE>            Private key for TLS, a PEM file that is read again when it changes
                  --token-file <FILE>         Accept the bearer tokens of this file (a single one may stand in BOWLINE_TOKEN instead)
                  --no-sessions               Open no sessions, so that only clients of protocol versions without them can call
                  --limits <PRESET>           Bounds on sizes, counts and times [default: local] [possible values: local, public, trusted]
                  --keep-alive <SECONDS>      Seconds after which a quiet stream gets a comment, to be kept open by proxies [default: 15]
                  --trace-messages <FILE>     Write every message to this file as lines of JSON, secrets redacted; - for standard error
              -h, --help                      Print help (see more with '--help')

            Standard error:
              -v, --verbose...           Say more on standard error; twice for everything
              -q, --quiet                Say only what went wrong
                  --log-format <FORMAT>  Form of standard error [default: human on a terminal, json otherwise] [possible values: human, json]
            --- stderr
        "#]],
    );
}

#[test]
fn help_of_the_filesystem_says_how_far_it_goes() {
    check(
        &["serve", "filesystem", "-h"],
        &expect![[r#"
            exit code 0
            --- stdout
            Files below the directories that are named, and nothing else

            Usage: bowline serve filesystem [OPTIONS] <DIR>...

            Arguments:
              <DIR>...  Directories to serve, with all that is below them

            Options:
                  --read-only                 Offer nothing that changes anything
                  --allow-hard-links          Read and replace files that have more than one name, of which some may be elsewhere
                  --follow-client-roots       Ask each client for its roots at every call, and serve only what is below them too
                  --listen <ADDRESS>          Where to listen: stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH [default: stdio]
                  --allow-uid <UID>           Let processes of this user call too, besides your own (repeatable; unix:PATH only)
                  --path <PATH>               Path of the HTTP endpoint [default: /mcp]
                  --allow-host <HOST[:PORT]>  Answer for this host too, besides the loopback ones (repeatable)
                  --allow-origin <ORIGIN>     Let web pages of this origin call (repeatable)
                  --public-url <URL>          The URL under which clients know this server; https says that TLS ends in front of it
                  --tls-cert <FILE>           Certificate chain for TLS, a PEM file that is read again when it changes
                  --tls-key <FILE>            Private key for TLS, a PEM file that is read again when it changes
                  --token-file <FILE>         Accept the bearer tokens of this file (a single one may stand in BOWLINE_TOKEN instead)
                  --no-sessions               Open no sessions, so that only clients of protocol versions without them can call
                  --limits <PRESET>           Bounds on sizes, counts and times [default: local] [possible values: local, public, trusted]
                  --keep-alive <SECONDS>      Seconds after which a quiet stream gets a comment, to be kept open by proxies [default: 15]
                  --trace-messages <FILE>     Write every message to this file as lines of JSON, secrets redacted; - for standard error
              -h, --help                      Print help (see more with '--help')

            Standard error:
              -v, --verbose...           Say more on standard error; twice for everything
              -q, --quiet                Say only what went wrong
                  --log-format <FORMAT>  Form of standard error [default: human on a terminal, json otherwise] [possible values: human, json]
            --- stderr
        "#]],
    );
}

#[test]
fn version_is_that_of_the_package() {
    let version = format!("exit code 0\n--- stdout\nbowline {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ends(&mut bowline(&["--version"])), version + "--- stderr\n");
}

#[test]
fn a_misspelled_verb_is_named_with_the_right_one() {
    check(
        &["sevre", "everything"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: unrecognized subcommand 'sevre'

          tip: a similar subcommand exists: 'serve'

        Usage: bowline [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_verb_of_a_later_version_is_unknown() {
    check(
        &["doctor"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: unrecognized subcommand 'doctor'

        Usage: bowline [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_misspelled_server_is_named_with_the_right_one() {
    check(
        &["serve", "everythin"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: unrecognized subcommand 'everythin'

          tip: a similar subcommand exists: 'everything'

        Usage: bowline serve [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_misspelled_flag_is_named_with_the_right_one() {
    check(
        &["serve", "everything", "--listn", ":1"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: unexpected argument '--listn' found

          tip: a similar argument exists: '--listen'

        Usage: bowline serve everything --listen <ADDRESS>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn a_certificate_needs_its_key() {
    check(
        &["serve", "everything", "--listen", ":0", "--tls-cert", "c.pem"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: the following required arguments were not provided:
          --tls-key <FILE>

        Usage: bowline serve everything --tls-cert <FILE> --tls-key <FILE> --listen <ADDRESS>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    check(
        &["-q", "-v", "serve", "everything"],
        &expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        error: the argument '--quiet' cannot be used with '--verbose...'

        Usage: bowline --quiet <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn nothing_at_all_is_a_mistake() {
    assert!(ends(&mut bowline(&[])).starts_with("exit code 1\n--- stdout\n--- stderr\nRun, call"));
}
