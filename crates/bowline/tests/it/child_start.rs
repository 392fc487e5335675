//! What is started, and what is said when it cannot be.

use bowline::transport::child::{Child, Command, Exit};
use expect_test::expect;
use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// All that it writes until it exits, with nothing to read.
async fn output(command: Command) -> String {
    let mut child = command.start().await.unwrap();
    let (mut stdout, stdin) = child.take_io().unwrap();
    drop(stdin);
    let mut all = String::new();
    stdout.read_to_string(&mut all).await.unwrap();
    assert_eq!(child.exited().await, Exit::Code(0), "{}", child.stderr().tail());
    all
}

/// An empty directory, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("bowline-child-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// A file with these permissions.
    fn file(&self, name: &str, text: &str, mode: u32) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let mut child = Command::new("cat").start().await.unwrap();
    assert!(Path::new(&format!("/proc/{}", child.id().unwrap())).exists());
    let (mut stdout, mut stdin) = child.take_io().unwrap();
    assert!(child.take_io().is_none(), "the streams are given once");
    let long = "a line\n".repeat(100_000);
    let writing = async {
        stdin.write_all(long.as_bytes()).await.unwrap();
        drop(stdin);
    };
    let mut back = String::new();
    let (_, read) = tokio::join!(writing, stdout.read_to_string(&mut back));
    read.unwrap();
    assert!(back == long, "{} bytes came back", back.len());
    assert_eq!(child.exited().await, Exit::Code(0));
    assert_eq!(child.id(), None);
}

#[tokio::test]
async fn arguments_reach_the_program_as_they_are() {
    let line = r#"printf '%s|' '$HOME' * '*' ";ls" "a b" '' "`id`" ~ ">x""#;
    let shown = output(Command::parse(line).unwrap()).await;
    assert_eq!(shown, "$HOME|*|*|;ls|a b||`id`|~|>x|");
}

#[tokio::test]
async fn the_environment_is_ours_with_what_was_set() {
    let print = Command::new("sh").args(["-c", "echo \"$PATH|$ADDED\""]);
    let path = std::env::var("PATH").unwrap();
    assert_eq!(output(print.clone().env("ADDED", "a b")).await, format!("{path}|a b\n"));
    let cleared = Command::new("env").env_clear().env("ONLY", "this");
    assert_eq!(output(cleared).await, "ONLY=this\n");
}

#[tokio::test]
async fn a_relative_program_is_one_of_the_working_directory() {
    let folder = Folder::new("relative");
    folder.file("bin/tool", "#!/bin/sh\necho \"$0 in $PWD\"\n", 0o755);
    let shown = output(Command::new("./bin/tool").cwd(&folder.0)).await;
    let here = folder.0.display();
    assert_eq!(shown, format!("{here}/bin/tool in {here}\n"));
}

#[tokio::test]
async fn a_name_is_looked_up_in_the_path_that_the_child_will_have() {
    let folder = Folder::new("path");
    folder.file("one/tool", "no program\n", 0o644);
    folder.file("two/tool", "#!/bin/sh\necho two\n", 0o755);
    folder.file("three/tool", "#!/bin/sh\necho three\n", 0o755);
    let here = folder.0.display();
    let path = format!("{here}/none:{here}/one:{here}/two:{here}/three");
    assert_eq!(output(Command::new("tool").env("PATH", path)).await, "two\n");
}

#[tokio::test]
async fn no_program_of_the_current_directory_is_found_by_its_name() {
    let folder = Folder::new("current");
    folder.file("tool-of-nobody", "#!/bin/sh\n", 0o755);
    let command = Command::new("tool-of-nobody").cwd(&folder.0);
    for path in ["", ".", ":", "./", "::/bin"] {
        let error = command.clone().env("PATH", path).start().await.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains("not in PATH"), "{path}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_what_to_do() {
    let folder = Folder::new("refused");
    folder
        .file("data", "text\n", 0o644)
        .file("bin/dull", "text\n", 0o644)
        .file("lost", "#!/no/such/interpreter\n", 0o755)
        .file("text", "echo this would need a shell\n", 0o755);
    let bin = folder.0.join("bin");
    let within = |program: &str| Command::new(program).cwd(&folder.0);
    let table = [
        Command::new("no-such-program-anywhere"),
        Command::new("with\x1b[31m colour"),
        Command::new(""),
        Command::new("dull").env("PATH", bin),
        within("./nothing"),
        within("./bin"),
        within("./data"),
        within("./lost"),
        within("./text"),
        within("./text").env_clear(),
        Command::new("cat").cwd("/no/such/directory"),
        Command::new("cat").arg("a\0b"),
        Command::new("cat").guard("/no/such/guard", ["__guard"]),
    ];
    let mut shown = String::new();
    for command in table {
        let error = command.start().await.unwrap_err();
        let cause = error.source().map(|cause| format!(" <- {cause}")).unwrap_or_default();
        let line = format!("{error}{cause}\n").replace(&*folder.0.to_string_lossy(), "FOLDER");
        shown.push_str(&line);
    }
    expect![[r#"
        program no-such-program-anywhere is not in PATH; install it, or give its full path
        program $'with\x1b[31m colour' is not in PATH; install it, or give its full path
        the command names no program; give one
        program dull is FOLDER/bin/dull, which is not executable; allow it with `chmod +x`
        program FOLDER/nothing does not exist; check the path, or install it
        FOLDER/bin is a directory; name a program in it
        program FOLDER/data is not executable; allow it with `chmod +x`, or name its interpreter
        cannot start program ./lost; install the interpreter that its first line names <- No such file or directory (os error 2)
        program FOLDER/text is a text that names no interpreter, and no shell is used; begin it with a line such as `#!/bin/sh`, or name its interpreter
        program FOLDER/text is a text that names no interpreter, and no shell is used; begin it with a line such as `#!/bin/sh`, or name its interpreter
        working directory /no/such/directory is not there, or no directory; make it, or name another
        cannot start program cat; no argument and no variable may hold a zero byte <- nul byte found in provided data
        cannot start guard /no/such/guard; give the full path of a program <- No such file or directory (os error 2)
    "#]].assert_eq(&shown);
}

#[tokio::test]
async fn an_exit_right_after_the_start_is_no_failure_to_start() {
    let child = Command::parse("sh -c 'exit 7'").unwrap().start().await.unwrap();
    let exits = tokio::join!(child.exited(), child.exited(), Child::exited(&child));
    assert_eq!(exits, (Exit::Code(7), Exit::Code(7), Exit::Code(7)));
}
