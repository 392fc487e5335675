//! How children end, and with them what they started.

use bowline::transport::child::{
    Child, ChildStdin, ChildStdout, Command, Ended, Ending, Exit, How,
};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};

const QUICK: Ending = Ending { eof: Duration::from_millis(40), term: Duration::from_millis(40) };

/// Nothing that a test waits for takes so long.
const PATIENT: Ending = Ending { eof: Duration::from_secs(60), term: Duration::from_secs(60) };

/// Runs a script that says when it is ready.
async fn ready(script: &str) -> (Child, Lines<BufReader<ChildStdout>>, ChildStdin) {
    ready_from(Command::new("sh").args(["-c", script])).await
}

async fn ready_from(command: Command) -> (Child, Lines<BufReader<ChildStdout>>, ChildStdin) {
    let mut child = command.start().await.unwrap();
    let (stdout, stdin) = child.take_io().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
    (child, lines, stdin)
}

/// Whether the process runs; one that is dead and not reaped does not.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Whether there is anything of it, dead or alive.
fn is_there(id: &str) -> bool {
    Path::new("/proc").join(id).exists()
}

/// Waits for what other processes do.
async fn eventually(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn each_child_ends_at_the_first_step_that_it_heeds() {
    let table = [
        ("echo ready; exit 4", How::Itself, Exit::Code(4)),
        ("echo ready; kill -ABRT $$", How::Itself, Exit::Signal(6)),
        ("echo ready; cat; exit 5", How::EndOfInput, Exit::Code(5)),
        ("echo ready; exec sleep 1000", How::Terminated, Exit::Signal(15)),
        (
            "trap 'exit 6' TERM; echo ready; while :; do sleep 0.01; done",
            How::Terminated,
            Exit::Code(6),
        ),
        ("trap '' TERM; echo ready; while :; do sleep 1000; done", How::Killed, Exit::Signal(9)),
    ];
    for (script, how, exit) in table {
        let (child, _stdout, stdin) = ready(script).await;
        if how == How::Itself {
            child.exited().await;
        }
        let id = child.id();
        let eof = if how == How::EndOfInput { PATIENT.eof } else { QUICK.eof };
        let term = if how == How::Terminated { PATIENT.term } else { QUICK.term };
        let ended = child.close(Ending { eof, term }).await;
        assert_eq!((ended.how, ended.exit), (how, exit), "{script}");
        assert!(id.is_none_or(|id| !is_there(&id.to_string())), "it is reaped: {script}");
        drop(stdin);
    }
}

#[tokio::test]
async fn what_a_child_started_goes_with_it_however_it_ends() {
    let table = [
        // It leaves somebody behind who holds its streams.
        "sleep 1000 & echo $!; echo ready; exit 0",
        "(trap '' TERM; exec sleep 1000) & echo $!; echo ready; exit 0",
        // It heeds the end of its input, and leaves somebody behind.
        "sleep 1000 & echo $!; echo ready; cat",
        // Somebody who closed all that could tell of him.
        "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; echo ready; cat",
        // A runner of runners, as package managers are.
        "sh -c '(sh -c \"sleep 1000 & echo \\$!; echo ready; wait; true\"; true); true'; true",
    ];
    for script in table {
        let mut child = Command::new("sh").args(["-c", script]).start().await.unwrap();
        let (stdout, _stdin) = child.take_io().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let left = lines.next_line().await.unwrap().unwrap();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
        child.close(QUICK).await;
        assert!(!runs(&left), "{script}");
        assert_eq!(lines.next_line().await.unwrap(), None, "the output has ended: {script}");
    }
}

#[tokio::test]
async fn what_outlives_its_child_is_given_time_and_no_more() {
    let (child, mut stdout, _stdin) = ready("(sleep 0.1; echo done) & echo ready; cat").await;
    let begun = Instant::now();
    let ended = child.close(PATIENT).await;
    assert_eq!(ended.how, How::EndOfInput);
    assert_eq!(stdout.next_line().await.unwrap().as_deref(), Some("done"));
    assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits for who has gone");
}

#[tokio::test]
async fn a_child_that_exits_by_itself_takes_its_group_along_unasked() {
    let mut child = Command::new("sh")
        .args(["-c", "sleep 1000 & echo $!; exit 0"])
        .ending(QUICK)
        .start()
        .await
        .unwrap();
    let (mut stdout, _stdin) = child.take_io().unwrap();
    let mut id = String::new();
    // The output ends only when nobody holds it.
    stdout.read_to_string(&mut id).await.unwrap();
    assert_eq!(child.exited().await, Exit::Code(0));
    eventually(|| !runs(id.trim())).await;
}

#[tokio::test]
async fn a_dropped_child_is_ended_without_waiting() {
    let (mut child, _stdout, stdin) = ready_from(
        Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1000; done"])
            .ending(QUICK),
    )
    .await;
    let id = child.id().unwrap().to_string();
    assert!(child.take_io().is_none());
    drop(child);
    eventually(|| !is_there(&id)).await;
    drop(stdin);
}

#[tokio::test]
async fn a_second_close_can_be_in_more_of_a_hurry() {
    let (child, _stdout, _stdin) =
        ready("trap '' TERM; echo ready; while :; do sleep 1000; done").await;
    let (one, other) = tokio::join!(child.close(PATIENT), child.close(Ending::now()));
    assert_eq!((one, other.how), (other, How::Killed));
    assert_eq!(child.close(PATIENT).await, one, "a third one hears the same");
}

#[tokio::test]
async fn a_close_that_is_dropped_goes_on() {
    let (child, _stdout, _stdin) = ready("echo ready; exec sleep 1000").await;
    let closing = tokio::time::timeout(Duration::from_millis(1), child.close(QUICK)).await;
    assert!(closing.is_err(), "it takes longer");
    assert_eq!(child.exited().await, Exit::Signal(15));
}

#[tokio::test]
async fn closing_ends_the_input_whoever_holds_it() {
    let (child, _stdout, mut stdin) = ready("echo ready; exec sleep 1000").await;
    // More than a pipe holds, to one that never reads.
    let writing = tokio::spawn(async move {
        let error = stdin.write_all(&vec![b'x'; 1 << 20]).await.unwrap_err();
        (error.kind(), stdin.write(b"x").await.unwrap_err().kind())
    });
    tokio::task::yield_now().await;
    tokio::select! {
        ended = child.close(PATIENT) => panic!("it heeds no end of input: {ended:?}"),
        kinds = writing => {
            assert_eq!(kinds.unwrap(), (ErrorKind::BrokenPipe, ErrorKind::BrokenPipe));
        }
    }
    child.close(Ending::now()).await;
}

#[test]
fn a_runtime_that_shuts_down_kills_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (child, stdout, stdin) = runtime
        .block_on(ready("trap '' TERM; echo ready; sleep 1000 & while :; do sleep 1000; done"));
    let id = child.id().unwrap().to_string();
    drop(runtime);
    let begun = Instant::now();
    while is_there(&id) {
        assert!(begun.elapsed() < Duration::from_secs(1), "it is killed at once and reaped");
        std::thread::yield_now();
    }
    assert_eq!(child.id(), None);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ended: Ended = other.block_on(child.close(PATIENT));
    assert_eq!((ended.how, ended.exit), (How::Killed, Exit::Unknown));
    drop((stdout, stdin));
}
