//! The guard: what is left of children when the process that started them is killed, and when it is not.

use crate::program::{Program, bowline, ends};
use bowline::transport::child::{Child, ChildStdin, ChildStdout, Command, Ending, Exit, How};
use expect_test::expect;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};

/// Nobody is left after this.
const BOUND: Duration = Duration::from_secs(2);

/// Nothing that a test waits for takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each says when it is ready.
const KINDS: [&str; 6] = [
    "echo ready; cat",
    "echo ready; exec sleep 1000",
    "trap '' TERM INT HUP; echo ready; while :; do sleep 1000; done",
    "(trap '' TERM; exec sleep 1000) & echo ready; cat",
    "sh -c 'sh -c \"sleep 1000; true\" & echo ready; wait; true'; true",
    "sleep 1000 & echo ready; sleep 0.3; exit 0",
];

/// Slower than any test, so that nobody but the guard ends anything.
const SLOW: Ending = Ending { eof: Duration::from_secs(600), term: Duration::from_secs(600) };

const QUICK: Ending = Ending { eof: Duration::from_millis(30), term: Duration::from_millis(30) };

async fn guarded(command: Command) -> (Child, Lines<BufReader<ChildStdout>>, ChildStdin) {
    let command = command.guard(env!("CARGO_BIN_EXE_bowline"), ["__guard"]);
    let mut child = command.start().await.unwrap();
    let (stdout, stdin) = child.take_io().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
    (child, lines, stdin)
}

fn sh(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

/// Which processes live in these groups.
fn living(groups: &[u32]) -> BTreeSet<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let stats = entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let (_, rest) = stat.rsplit_once(") ").unwrap();
            let fields: Vec<_> = rest.split(' ').collect();
            fields[0] != "Z" && groups.contains(&fields[2].parse().unwrap())
        })
        .collect()
}

/// The group of a process, which is the id of its guard.
fn group(id: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().parse().unwrap()
}

/// Waits until the guard has come as far as being deaf to signals: it has its place then.
fn ready(guard: u32) {
    let begun = Instant::now();
    while fs::read_link(format!("/proc/{guard}/cwd")).is_ok_and(|path| path.as_os_str() != "/") {
        assert!(begun.elapsed() < PATIENCE, "the guard never came up");
        std::thread::yield_now();
    }
}

/// Waits until nobody lives in the groups: how long it took.
fn gone(groups: &[u32]) -> Duration {
    let begun = Instant::now();
    while !living(groups).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "still there: {:?}", living(groups));
        std::thread::yield_now();
    }
    begun.elapsed()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Set for the process that is killed below.
const ROLE: &str = "BOWLINE_TEST_PARENT";

#[test]
#[ignore = "a role that another test starts"]
fn parent() {
    let Ok(kinds) = std::env::var(ROLE) else { return };
    run(async {
        let mut children = Vec::new();
        let mut groups = Vec::new();
        for kind in kinds.split(',') {
            let script = KINDS[kind.parse::<usize>().unwrap()];
            let mut child = sh(script)
                .ending(SLOW)
                .guard(env!("CARGO_BIN_EXE_bowline"), ["__guard"])
                .start()
                .await
                .unwrap();
            let id = child.id().unwrap();
            groups.push(group(id).to_string());
            let (stdout, stdin) = child.take_io().unwrap();
            let mut lines = BufReader::new(stdout).lines();
            assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
            if script.ends_with("exit 0") {
                child.exited().await;
            }
            children.push((child, lines, stdin));
        }
        println!("groups: {}", groups.join(" "));
        std::future::pending::<()>().await;
        drop(children);
    });
}

#[test]
fn a_killed_parent_leaves_nothing_behind_for_longer_than_two_seconds() {
    for (number, kind) in KINDS.iter().enumerate() {
        let took = killed(&number.to_string());
        println!("{took:4.0?} after the kill: {kind}");
        assert!(took < BOUND, "{took:?}: {kind}");
    }
}

#[test]
fn a_killed_parent_of_many_leaves_nothing_behind_either() {
    let took = killed(&["0,1,2,3,4,5"; 5].join(","));
    println!("{took:4.0?} after the kill: five of each kind");
    assert!(took < BOUND, "{took:?}");
}

/// Kills a process that has started these kinds of children: how long until nobody of them lived.
fn killed(kinds: &str) -> Duration {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let role = command.args(["guard::parent", "--exact", "--ignored", "--nocapture"]);
    let parent = Program::start(role.env(ROLE, kinds));
    let line = parent.stdout.find("groups: ");
    let groups = line.rsplit_once("groups: ").unwrap().1.split(' ');
    let groups: Vec<u32> = groups.map(|group| group.parse().unwrap()).collect();
    assert!(living(&groups).len() >= 2 * groups.len() - 1, "{:?}", living(&groups));
    parent.signal("KILL");
    gone(&groups)
}

#[test]
fn a_guarded_child_ends_as_any_other_and_takes_its_guard_along() {
    let ways = [How::EndOfInput, How::Terminated, How::Killed, How::EndOfInput, How::Terminated];
    for (script, way) in KINDS.into_iter().zip(ways) {
        run(async {
            let (child, mut stdout, _stdin) = guarded(sh(script)).await;
            let guard = group(child.id().unwrap());
            let ended = child.close(QUICK).await;
            assert_eq!(ended.how, way, "{script}");
            assert_eq!(living(&[guard]), BTreeSet::new(), "{script}");
            assert!(!fs::exists(format!("/proc/{guard}")).unwrap(), "it is reaped: {script}");
            assert_eq!(stdout.next_line().await.unwrap(), None, "{script}");
        });
    }
}

#[test]
fn a_guarded_child_that_exits_by_itself_frees_its_guard() {
    run(async {
        let command = sh("sleep 1000 & echo ready; read line; exit 3").ending(QUICK);
        let (child, _stdout, mut stdin) = guarded(command).await;
        let guard = group(child.id().unwrap());
        stdin.write_all(b"go\n").await.unwrap();
        assert_eq!(child.exited().await, Exit::Code(3));
        while fs::exists(format!("/proc/{guard}")).unwrap() {
            tokio::task::yield_now().await;
        }
        assert_eq!(child.close(QUICK).await.how, How::Itself);
    });
}

#[test]
fn guarded_children_that_are_dropped_leave_nothing() {
    run(async {
        let mut groups = Vec::new();
        for round in 0..50 {
            let command = sh(KINDS[round % 5]).ending(QUICK);
            let (child, stdout, stdin) = guarded(command).await;
            groups.push(group(child.id().unwrap()));
            drop((child, stdout, stdin));
        }
        let begun = Instant::now();
        while groups.iter().any(|guard| fs::exists(format!("/proc/{guard}")).unwrap()) {
            assert!(begun.elapsed() < PATIENCE, "{:?}", living(&groups));
            tokio::task::yield_now().await;
        }
        assert_eq!(living(&groups), BTreeSet::new());
    });
}

#[test]
fn a_guarded_child_cannot_leave_by_a_session_of_its_own() {
    run(async {
        let command = Command::new("setsid").args(["sh", "-c", "echo ready; exec sleep 1000"]);
        let (child, ..) = guarded(command).await;
        let id = child.id().unwrap();
        assert_eq!(group(id), id, "it is not in the group of its guard");
        assert_eq!(child.close(QUICK).await.how, How::Terminated);
        assert!(!fs::exists(format!("/proc/{id}")).unwrap());
    });
}

#[test]
fn a_guard_is_deaf_to_signals_and_small() {
    run(async {
        let (child, ..) = guarded(sh("trap '' TERM INT HUP; echo ready; exec sleep 1000")).await;
        let guard = group(child.id().unwrap());
        ready(guard);
        for signal in ["TERM", "INT", "HUP"] {
            let id = format!("-{guard}");
            let mut kill = std::process::Command::new("kill");
            assert!(kill.args(["-s", signal, "--", &id]).status().unwrap().success());
        }
        // It would be dead by the time that this has been read.
        let status = fs::read_to_string(format!("/proc/{guard}/status")).unwrap();
        assert!(!status.contains("State:\tZ"), "{status}");
        let memory = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        let memory: u64 = memory.trim().trim_end_matches(" kB").parse().unwrap();
        println!("a guard has {memory} kB of its own");
        assert!(memory < 4096, "{memory} kB");
        assert_eq!(child.close(QUICK).await.how, How::Killed);
    });
}

#[test]
fn a_guard_of_somebody_elses_group_refuses() {
    expect![[r#"
        exit code 1
        --- stdout
        --- stderr
        {"error":{"code":"failed","hint":null,"message":"a guard kills its process group and does not lead this one; let `Command::guard` start it"}}
    "#]]
    .assert_eq(&ends(&mut bowline(&["__guard"])));
}
