//! Real processes, whose figures are read a second time from other files of `/proc`.

use super::super::system::look;
use super::super::{Monitor, Tally, Watched};
use super::{asked, millis};
use crate::transport::child::{Child, ChildStdin, ChildStdout, Command, Ending};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

/// A shell that runs a script in a group of its own, says `ready`, and stays until its input ends.
struct Shell {
    child: Child,
    output: BufReader<ChildStdout>,
    input: ChildStdin,
}

impl Shell {
    async fn run(script: &str) -> Self {
        Self::start(&Command::new("/bin/sh").arg("-c").arg(script)).await
    }

    async fn start(command: &Command) -> Self {
        let mut child = command.start().await.unwrap();
        let (output, input) = child.take_io().unwrap();
        Self { child, output: BufReader::new(output), input }
    }

    async fn says(&mut self, expected: &str) {
        let mut line = String::new();
        timeout(LONG, self.output.read_line(&mut line)).await.unwrap().unwrap();
        assert_eq!(line.trim_end(), expected);
    }

    fn group(&self) -> u32 {
        self.child.group().id().unwrap()
    }

    fn tally(&self) -> Tally {
        let group = self.group();
        *look(&BTreeSet::from([group])).groups.get(&group).unwrap()
    }
}

/// What `smaps_rollup`, `task` and `fd` of the members say.
#[derive(Debug, Default)]
struct Second {
    memory: u64,
    descriptors: u64,
    processes: u64,
    threads: u64,
}

fn second(group: u32) -> Second {
    let mut second = Second::default();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        if field(&status, "NSpgid:") == Some(group.into()) {
            let count =
                |name| fs::read_dir(entry.path().join(name)).map_or(0, |all| all.count() as u64);
            let memory = fs::read_to_string(entry.path().join("smaps_rollup"));
            second.memory += 1024 * memory.ok().and_then(|text| field(&text, "Rss:")).unwrap_or(0);
            second.threads += count("task");
            second.processes += 1;
            second.descriptors += count("fd");
        }
    }
    second
}

#[tokio::test]
async fn a_group_is_all_that_the_child_started_and_its_memory_is_what_they_have() {
    // Two that sleep, one of them with descriptors of its own, and one with more than 30 MB of text.
    let mut shell = Shell::run(
        "exec 5<&0; sleep 1000 & \
         (exec 7</dev/null 8</dev/null 9</dev/null; exec sleep 1000) & \
         (x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo eaten; read wait) <&5 & \
         wait",
    )
    .await;
    shell.says("eaten").await;
    // A child of a shell may not have become `sleep` yet.
    let settled = timeout(LONG, async {
        loop {
            let (tally, second) = (shell.tally(), second(shell.group()));
            let close = tally.memory.abs_diff(second.memory) <= second.memory / 50;
            if close
                && tally.processes == 4
                && tally.descriptors == Some(second.descriptors)
                && (tally.processes, tally.threads) == (second.processes, second.threads)
            {
                return tally;
            }
            tokio::task::yield_now().await;
        }
    });
    let Ok(tally) = settled.await else {
        panic!("{:?} and {:?}", shell.tally(), second(shell.group()));
    };
    assert!((30_000_000..120_000_000).contains(&tally.memory), "{tally:?}");
    let group = shell.group();
    shell.child.close(Ending::now()).await;
    assert_eq!(look(&BTreeSet::from([group])).groups.get(&group), None);
}

#[tokio::test]
async fn the_time_of_children_that_have_ended_is_not_lost() {
    let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
    let mut shell = Shell::run(&format!("({burn}) & wait; echo done; read more; exit")).await;
    shell.says("done").await;
    let tally = shell.tally();
    let stat = fs::read_to_string(format!("/proc/{}/stat", shell.group())).unwrap();
    let own: Vec<u64> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .skip(11)
        .take(4)
        .map(|field| field.parse().unwrap())
        .collect();
    assert_eq!(tally.processes, 1);
    assert!(own[2] > own[0] && own[2] > 0, "the child has taken no time: {own:?}");
    assert!(tally.cpu >= millis(10 * own.iter().sum::<u64>()), "{tally:?} of {own:?}");
    shell.input.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_dead_process_that_nobody_waited_for_has_its_time_and_nothing_else() {
    // `exec` leaves a child to a process that never waits for it.
    let mut shell =
        Shell::run("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done' & exec cat").await;
    shell.input.write_all(b"ready\n").await.unwrap();
    shell.says("ready").await;
    let one = timeout(LONG, async {
        loop {
            let tally = shell.tally();
            if tally.processes == 1 && tally.cpu >= millis(10) {
                return tally;
            }
            tokio::task::yield_now().await;
        }
    });
    let tally = one.await.unwrap();
    assert_eq!((tally.threads, tally.descriptors.is_some()), (1, true));
    assert_eq!(second(shell.group()).processes, 2, "the dead one has been waited for");
}

#[tokio::test]
async fn the_group_of_a_guarded_child_is_that_of_its_guard() {
    // It leads the group until its input ends, as a guard does.
    let cat = Command::new("/bin/cat").guard("/bin/cat", [] as [&str; 0]);
    let mut shell = Shell::start(&cat).await;
    shell.input.write_all(b"ready\n").await.unwrap();
    shell.says("ready").await;
    assert_ne!(Some(shell.group()), shell.child.id());
    assert_eq!(shell.tally().processes, 2);
}

#[tokio::test]
async fn a_group_is_named_only_while_its_leader_lives() {
    let shell = Shell::run("read wait").await;
    let group = shell.child.group();
    assert!(group.id().is_some());
    shell.child.close(Ending::now()).await;
    assert_eq!(group.id(), None);
}

#[tokio::test]
async fn ourselves_are_this_process_alone() {
    let shell =
        Shell::run("x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ready; read wait").await;
    let monitor = asked();
    monitor.look().await;
    let usage = monitor.ourselves().unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
    };
    assert_eq!(usage.processes, 1);
    // Other tests come and go in this process meanwhile.
    assert!(usage.threads >= 2 && usage.descriptors.unwrap() >= 3, "{usage:?}");
    assert!(
        usage.memory <= 1024 * field("VmHWM") + (1 << 20) && usage.memory > 1 << 20,
        "{usage:?}"
    );
    drop(shell);
}

/// Waits until a look finds more memory than that.
async fn over(watched: &Watched, most: u64) -> u64 {
    let found = async {
        loop {
            match watched.over(most) {
                Some(memory) => return memory,
                None => tokio::time::sleep(millis(5)).await,
            }
        }
    };
    timeout(LONG, found).await.unwrap()
}

#[tokio::test]
async fn a_server_that_outgrows_its_memory_is_noticed_and_a_small_one_is_not() {
    const MOST: u64 = 25_000_000;
    let monitor = Monitor::new(millis(20));
    let mut large =
        Shell::run("echo ready; read go; x=$(head -c 30000000 /dev/zero | tr '\\0' x); read wait")
            .await;
    let mut small = Shell::run("echo ready; read wait").await;
    let groups = [large.child.group(), small.child.group()];
    let [watched, other] = groups.map(|group| monitor.watch(move || group.id()));
    large.says("ready").await;
    small.says("ready").await;
    over(&other, 1).await;
    assert_eq!((other.over(MOST), watched.over(MOST)), (None, None));
    large.input.write_all(b"go\n").await.unwrap();
    let memory = over(&watched, MOST).await;
    assert!(memory > MOST && other.over(MOST).is_none(), "{memory}");
    // Nobody is left to look at.
    large.child.close(Ending::now()).await;
    let gone = async {
        while watched.usage().is_some() {
            tokio::time::sleep(millis(5)).await;
        }
    };
    timeout(LONG, gone).await.unwrap();
    assert_eq!(watched.over(0), None);
}

#[tokio::test]
async fn a_group_that_works_has_a_share_of_time() {
    let monitor = Monitor::new(millis(100));
    let shell = Shell::run("while :; do :; done").await;
    let group = shell.child.group();
    let watched = monitor.watch(move || group.id());
    let busy = async {
        loop {
            if let Some(usage) = watched.usage()
                && usage.cpu_percent.is_some_and(|share| share > 5.0)
            {
                return usage;
            }
            tokio::time::sleep(millis(20)).await;
        }
    };
    let usage = timeout(LONG, busy).await.unwrap();
    // One thread cannot take more than one processor, save for what ticks and looks are apart.
    assert!(usage.cpu_percent.unwrap() <= 150.0 && usage.threads == 1, "{usage:?}");
}
