use super::{Browser, Shown, SystemBrowser, Visit, argument};
use bowline_auth::Url;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn visit(text: &str) -> Visit {
    Visit {
        url: url(text),
        server: url("https://mcp.test/mcp"),
        redirect: url("http://127.0.0.1:1/callback"),
    }
}

/// What an authorization server could write to be more than a URL on the way to the browser.
#[test]
fn what_could_be_more_than_a_url_is_written_as_less() {
    let rows = [
        ("https://as.test/authorize?a=b&c=%20d+e", "https://as.test/authorize?a=b&c=%20d+e"),
        ("https://[::1]:8443/a~b_c-d.e:f@g,h", "https://[::1]:8443/a~b_c-d.e:f@g,h"),
        ("https://as.test/$(id)", "https://as.test/%24%28id%29"),
        ("https://as.test/?a=';id;'", "https://as.test/?a=%27%3Bid%3B%27"),
        ("https://as.test/?a=*!$HOME", "https://as.test/?a=%2A%21%24HOME"),
        ("https://as.test/?a[b]=c", "https://as.test/?a%5Bb%5D=c"),
        ("https://as.test", "https://as.test"),
        ("https://as.test?", "https://as.test?"),
    ];
    for (given, written) in rows {
        assert_eq!(argument(&url(given)), written, "{given}");
        // It is still one, and nothing that a program could take for an option.
        assert!(Url::parse(written).is_ok() && written.starts_with("https://"));
    }
}

/// These never become a `Url`, and so are never shown.
#[test]
fn what_is_no_url_of_the_web_never_gets_here() {
    let refused = [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "-h https://as.test/",
        "--version",
        "https://as.test/`id`",
        "https://as.test/|id",
        "https://as.test/\"&calc&\"",
        "https://as.test/^&calc",
        "https://as.test/\\\\share",
        "https://as.test/a b",
        "https://as.test/a\nb",
        "https://as.test/\0",
        "https://user@as.test/",
        "https://as.test/<x>",
    ];
    for text in refused {
        assert!(Url::parse(text).is_err(), "{text:?}");
    }
}

/// A program that writes down what it is started with, and ends with this status.
#[cfg(unix)]
fn opener(name: &str, status: u8) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let folder = env::temp_dir().join(format!("bowline-browser-{}-{name}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (program, told) = (folder.join("opener"), folder.join("told"));
    let _ = fs::remove_file(&told);
    let script = format!(
        "#!/bin/sh\nfor one; do printf '%s\\n' \"$one\"; done > '{0}.new'\nmv '{0}.new' '{0}'\nexit {status}\n",
        told.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    (program, told)
}

#[cfg(unix)]
fn told(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[tokio::test]
async fn the_url_is_one_argument_of_a_program_and_no_shell_sees_it() {
    let (program, at) = opener("one", 0);
    let canary = at.with_file_name("canary");
    let browser = SystemBrowser::program(&program, ["--new-tab"]);
    let nasty = format!("https://as.test/?a=$(touch${{IFS}}{0});touch;'{0}'", "canary");
    // Braces are no part of a URL; what is left is as near to a command as one comes.
    let nasty = nasty.replace(['{', '}'], "");
    assert_eq!(browser.show(visit(&nasty)).await.unwrap(), Shown::Open);
    assert_eq!(told(&at), ["--new-tab", argument(&url(&nasty)).as_str()]);
    assert!(!canary.exists() && !Path::new("canary").exists());
    fs::remove_dir_all(at.parent().unwrap()).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_opens_nothing_is_named() {
    let (program, at) = opener("failing", 3);
    let rows =
        [(program.clone(), "ended with exit status: 3"), ("/no/such".into(), "does not start")];
    for (program, expected) in rows {
        let browser = SystemBrowser::program(&program, [""; 0]);
        let error = browser.show(visit("https://as.test/?state=secret")).await.unwrap_err();
        let shown = format!("{error:?}");
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains(&program.display().to_string()) && !shown.contains("secret"));
    }
    fs::remove_dir_all(at.parent().unwrap()).unwrap();
}
