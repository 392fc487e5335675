//! What a child says on its standard error.

use bowline::transport::child::{Command, Ending, Exit, How, Stderr};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

fn sh(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_words_are_there_when_the_exit_is_known() {
    // As much as a pipe takes, so that the exit comes while it is being read.
    let words = "%060000d";
    for round in 0..50 {
        let child = sh(&format!("printf {words} 7 >&2; exit 3")).start().await.unwrap();
        assert_eq!(child.exited().await, Exit::Code(3));
        let tail = child.stderr().tail();
        assert!(tail.len() == 60_000 && tail.ends_with("07"), "round {round}: {}", tail.len());
    }
}

#[tokio::test]
async fn talking_on_standard_error_is_no_failure() {
    let mut child = sh("echo starting >&2; cat").start().await.unwrap();
    let mut lines = child.stderr().lines();
    assert_eq!(lines.next().await.as_deref(), Some("starting"));
    let (stdout, mut stdin) = child.take_io().unwrap();
    stdin.write_all(b"hello\n").await.unwrap();
    assert_eq!(BufReader::new(stdout).lines().next_line().await.unwrap().as_deref(), Some("hello"));
    let ended = child.close(Ending::default()).await;
    assert_eq!((ended.how, ended.exit), (How::EndOfInput, Exit::Code(0)));
    assert_eq!(lines.next().await, None, "the lines end with the child");
}

#[tokio::test]
async fn a_flood_stops_nothing_and_keeps_its_end() {
    let script = "yes flood >&2 & while read line; do echo \"$line\"; done; kill $!; wait";
    let mut child = sh(script).start().await.unwrap();
    let (stdout, mut stdin) = child.take_io().unwrap();
    let mut stdout = BufReader::new(stdout).lines();
    let stderr = child.stderr();
    for round in 0..200 {
        stdin.write_all(format!("{round}\n").as_bytes()).await.unwrap();
        assert_eq!(stdout.next_line().await.unwrap(), Some(round.to_string()));
        assert!(stderr.tail().len() <= 64 * 1024);
    }
    let ended = child.close(Ending::default()).await;
    assert_eq!(ended.how, How::EndOfInput);
    assert!(stderr.tail().contains("\nflood\n"), "what was last said is kept");
}

#[tokio::test]
async fn it_can_be_thrown_away() {
    let child = sh("echo unheard >&2").stderr(Stderr::Discarded).start().await.unwrap();
    assert_eq!(child.exited().await, Exit::Code(0));
    assert_eq!(child.stderr().tail(), "");
    child.close(Ending::default()).await;
    assert_eq!(child.stderr().lines().next().await, None);
}
