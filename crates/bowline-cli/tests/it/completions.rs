//! Completions, as a shell uses them.

use crate::program::{bowline, ends};
use expect_test::expect;
use std::fmt::Write;
use std::process::Command;

/// What bash offers for the last of these words.
fn offered(script: &str, words: &[&str]) -> String {
    let last = words.len() - 1;
    let run = format!(
        "{script}\nCOMP_WORDS=(bowline {}); COMP_CWORD={}; _bowline bowline '{}' ''; echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}' ")).collect::<String>(),
        last + 1,
        words[last],
    );
    let output = Command::new("bash").args(["--norc", "-c", &run]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_offers_verbs_flags_and_values() {
    let said = ends(&mut bowline(&["completions", "bash"]));
    let script = said.strip_prefix("exit code 0\n--- stdout\n").unwrap();
    let (script, stderr) = script.split_once("--- stderr\n").unwrap();
    assert_eq!(stderr, "");
    let mut table = String::new();
    for words in
        [&["c"][..], &["call", "--ca"], &["list", "--t"], &["completions", "z"], &["serve", "e"]]
    {
        let _ = write!(table, "{}: {}", words.join(" "), offered(script, words));
    }
    expect![[r#"
        c: call complete configs config completions
        call --ca: --cacert
        list --t: --tools --templates --timeout --trace-messages
        completions z: zsh
        serve e: everything
    "#]]
    .assert_eq(&table);
}

#[test]
fn every_shell_gets_every_verb() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = ends(&mut bowline(&["completions", shell]));
        for verb in [
            "list",
            "info",
            "ping",
            "call",
            "read",
            "prompt",
            "complete",
            "subscribe",
            "configs",
            "serve",
        ] {
            assert!(said.contains(verb), "{shell} lacks {verb}");
        }
    }
    assert!(ends(&mut bowline(&["completions", "tcsh"])).starts_with("exit code 1\n"));
}
