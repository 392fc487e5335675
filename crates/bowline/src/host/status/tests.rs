//! The JSON of a status, what the meter tells, and what is left of an error.

use super::meter::Meter;
use super::{
    Calls, Fault, InstanceStatus, Latency, Readiness, ServerKind, ServerState, ServerStatus,
    Status, Usage,
};
use crate::error::Error;
use expect_test::expect;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::advance;

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A host with a server of each kind of trouble.
fn full() -> Status {
    let mut status = Status::new(millis(90_061_500));
    status.version = "1.2.3";
    status.usage = Some(Usage {
        cpu: millis(1230),
        cpu_percent: Some(2.5),
        memory: 12 << 20,
        descriptors: Some(31),
        processes: 1,
        threads: 3,
    });
    let mut notes = ServerStatus::new("notes", ServerKind::Stdio);
    notes.state = ServerState::Ready;
    notes.restarts = 2;
    notes.calls = Calls { running: 3, waiting: 1, parked: 2, total: 100, failed: 4, cancelled: 5 };
    notes.last_error =
        Some(Fault::new(&Error::closed("exited: signal 9 (SIGKILL)"), millis(61_000), []));
    let mut instance = InstanceStatus::new(7, ServerState::Ready, millis(3_500));
    instance.protocol_version = Some("2025-06-18");
    instance.restarts = 1;
    instance.calls = Calls { running: 3, total: 40, ..Calls::default() };
    instance.latency = Some(Latency {
        calls: 38,
        last: Duration::from_micros(1_234),
        p50: millis(1),
        p95: millis(20),
    });
    instance.usage = Some(Usage {
        cpu: millis(10),
        cpu_percent: None,
        memory: 80 << 20,
        descriptors: None,
        processes: 2,
        threads: 14,
    });
    notes.instances = vec![instance, InstanceStatus::new(9, ServerState::Starting, millis(20))];
    status.servers = vec![notes, ServerStatus::new("search", ServerKind::Http)];
    status
}

#[test]
fn a_status_is_this_json() {
    let json = serde_json::to_string_pretty(&full()).unwrap();
    expect![[r#"
        {
          "version": "1.2.3",
          "uptimeSeconds": 90061.5,
          "usage": {
            "cpuSeconds": 1.23,
            "cpuPercent": 2.5,
            "memoryBytes": 12582912,
            "descriptors": 31,
            "processes": 1,
            "threads": 3
          },
          "servers": [
            {
              "name": "notes",
              "kind": "stdio",
              "state": "ready",
              "lastError": {
                "message": "exited: signal 9 (SIGKILL)",
                "secondsAgo": 61.0
              },
              "restarts": 2,
              "calls": {
                "running": 3,
                "waiting": 1,
                "parked": 2,
                "total": 100,
                "failed": 4,
                "cancelled": 5
              },
              "instances": [
                {
                  "number": 7,
                  "state": "ready",
                  "protocolVersion": "2025-06-18",
                  "uptimeSeconds": 3.5,
                  "restarts": 1,
                  "lastError": null,
                  "calls": {
                    "running": 3,
                    "waiting": 0,
                    "parked": 0,
                    "total": 40,
                    "failed": 0,
                    "cancelled": 0
                  },
                  "latency": {
                    "calls": 38,
                    "lastMs": 1.234,
                    "p50Ms": 1.0,
                    "p95Ms": 20.0
                  },
                  "usage": {
                    "cpuSeconds": 0.01,
                    "cpuPercent": null,
                    "memoryBytes": 83886080,
                    "descriptors": null,
                    "processes": 2,
                    "threads": 14
                  }
                },
                {
                  "number": 9,
                  "state": "starting",
                  "protocolVersion": null,
                  "uptimeSeconds": 0.02,
                  "restarts": 0,
                  "lastError": null,
                  "calls": {
                    "running": 0,
                    "waiting": 0,
                    "parked": 0,
                    "total": 0,
                    "failed": 0,
                    "cancelled": 0
                  },
                  "latency": null,
                  "usage": null
                }
              ]
            },
            {
              "name": "search",
              "kind": "http",
              "state": "idle",
              "lastError": null,
              "restarts": 0,
              "calls": {
                "running": 0,
                "waiting": 0,
                "parked": 0,
                "total": 0,
                "failed": 0,
                "cancelled": 0
              },
              "instances": []
            }
          ]
        }"#]]
    .assert_eq(&json);
}

#[test]
fn readiness_has_a_reason_for_everything_that_is_in_the_way() {
    let ready = Readiness::default();
    assert!(ready.is_ready());
    let not = ready.because("server `notes` has failed").because("server `search` is starting");
    assert!(!not.is_ready());
    assert_eq!(not.reasons, ["server `notes` has failed", "server `search` is starting"]);
}

#[test]
fn of_several_instances_the_best_says_how_the_server_stands() {
    use ServerState::{Draining, Failed, Idle, Ready, Reconnecting, Starting, Stopped};
    let table: [(&[ServerState], ServerState); 5] = [
        (&[Failed, Ready, Starting], Ready),
        (&[Reconnecting, Starting], Starting),
        (&[Stopped, Draining], Draining),
        (&[Idle, Failed], Idle),
        (&[Stopped, Failed], Failed),
    ];
    for (instances, server) in table {
        assert_eq!(instances.iter().min(), Some(&server), "{instances:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_meter_counts_every_way_a_call_can_go() {
    let meter = Arc::new(Meter::default());
    let (answered, mut asked, failed, cancelled) =
        (meter.begin(), meter.begin(), meter.begin(), meter.begin());
    let parked = answered.park();
    let expected = Calls { running: 4, waiting: 0, parked: 1, total: 4, failed: 0, cancelled: 0 };
    assert_eq!((meter.calls(), meter.latency()), (expected, None));

    drop(parked);
    advance(millis(3)).await;
    answered.end(false);
    advance(millis(4)).await;
    failed.end(true);
    asked.asked();
    advance(Duration::from_secs(300)).await;
    asked.end(false);
    drop(cancelled);
    let expected = Calls { total: 4, failed: 1, cancelled: 1, ..Calls::default() };
    // A person's five minutes are not the server's.
    let latency = Latency { calls: 2, last: millis(7), p50: millis(3), p95: millis(7) };
    assert_eq!((meter.calls(), meter.latency()), (expected, Some(latency)));
}

#[tokio::test(start_paused = true)]
async fn percentiles_are_those_of_the_latest_calls() {
    let meter = Arc::new(Meter::default());
    // How many calls of how many milliseconds there are next; then last, median and 95th percentile.
    let table = [
        (1, 0, 1, [0, 0, 0]),
        (1, 10, 2, [10, 0, 10]),
        (17, 20, 19, [20, 20, 20]),
        (1, 900, 20, [900, 20, 20]),
        (1, 900, 21, [900, 20, 900]),
        (107, 30, 128, [30, 30, 30]),
        (122, 1, 128, [1, 1, 1]),
        (1, 5, 128, [5, 1, 1]),
        (128, 70, 128, [70, 70, 70]),
    ];
    for (count, took, calls, [last, p50, p95]) in table {
        for _ in 0..count {
            let measured = meter.begin();
            advance(millis(took)).await;
            measured.end(false);
        }
        let expected = Latency { calls, last: millis(last), p50: millis(p50), p95: millis(p95) };
        assert_eq!(meter.latency(), Some(expected), "{count} of {took} ms");
    }
    let endless = meter.begin();
    advance(Duration::from_secs(100_000)).await;
    endless.end(false);
    // 32 bits of microseconds.
    assert_eq!(meter.latency().map(|latency| latency.last.as_secs()), Some(4294));
}

#[test]
fn a_meter_loses_nothing_between_threads() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 5_000;
    let meter = Arc::new(Meter::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for at in 0..CALLS {
                    let measured = meter.begin();
                    if at % 5 != 0 {
                        measured.end(at % 2 == 0);
                    }
                }
            });
        }
        // Whoever reads meanwhile finds something sensible.
        for _ in 0..1000 {
            if let Some(latency) = meter.latency() {
                assert!(latency.p50 <= latency.p95 && (1..=128).contains(&latency.calls));
            }
        }
    });
    let (total, failed, cancelled) =
        (THREADS * CALLS, THREADS * CALLS * 2 / 5, THREADS * CALLS / 5);
    assert_eq!(meter.calls(), Calls { total, failed, cancelled, ..Calls::default() });
    assert_eq!(meter.latency().map(|latency| latency.calls), Some(128));
}

#[test]
fn of_an_error_nothing_is_shown_that_looks_secret() {
    let table = [
        "cannot start program npx; install it",
        "exited with exit code 1; the last it said on standard error: missing API_KEY=hunter2 in env",
        r#"config was {"apiKey": "hunter2", "url": "x", "password":"hunter2"}"#,
        "--token hunter2 is wrong, --token=hunter2 too, and --verbose is fine",
        "password = hunter2 and secret: hunter2.",
        "password=\"my hunter2 is\" long and 'secret': 'a hunter2 too', --token 'hunter2 three' ends",
        "the secret of the password is a secret of hunters",
        "MY_SECRET=postgres://u:hunter2@db/x https://h/?a=b&password=hunter2 x=1&token=hunter2",
        "http://a,http://u:hunter2@b/c and https://u:hunter2/hunter2@b",
        "sent Authorization: Bearer hunter2 twice, which",
        "Cookie: a=hunter2; b=hunter2",
        "tried Bearer Hunter2, Basic aHVudGVyMg== and basic authentication; a bearer token is required",
        "https://me:hunter2@host.test:8080/path?key=hunter2#hunter2 answered 401",
        "see (https://host.test/a/b?c) and wss://me@host.test",
        "session 550e8400-e29b-41d4-a716-446655440000 is over",
        "key sk-proj-Ab12Cd34Ef56Gh78 and ghp_16C7e42F292c6912E7710c838347 refused",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "server-everything-2026-07-28 for x86_64-unknown-linux-gnu at /usr/lib/node_modules/index.js:1234",
        "the protocol versions 2024-11-05, 2025-03-26, 2025-06-18 are not ours",
        "tokens: 5 used, progressToken: 7",
        "MY_SECRET = ",
        "=:= :// ? # --",
        "",
    ];
    let shown: String = table
        .iter()
        .map(|text| Fault::new(&Error::closed(*text), Duration::ZERO, []).message + "\n")
        .collect();
    assert!(!shown.to_lowercase().contains("hunter2"), "{shown}");
    expect![[r#"
        cannot start program npx; install it
        exited with exit code 1; the last it said on standard error: missing API_KEY=[redacted] in env
        config was {"apiKey": [redacted] "url": "x", "password":"[redacted]
        --token [redacted] is wrong, --token=[redacted] too, and --verbose is fine
        password = [redacted] and secret: [redacted]
        password="[redacted] long and 'secret': [redacted] --token [redacted] ends
        the secret of the password is a secret of hunters
        MY_SECRET=[redacted] https://h/?[redacted] x=1&token=[redacted]
        http://[redacted]@b/c and https://[redacted]@b
        sent Authorization: [redacted]
        Cookie: [redacted]
        tried Bearer [redacted] Basic [redacted] and basic authentication; a bearer token is required
        https://[redacted]@host.test:8080/path?[redacted] answered 401
        see (https://host.test/a/b?[redacted] and wss://[redacted]@host.test
        session [redacted] is over
        key [redacted] and [redacted] refused
        [redacted].[redacted].[redacted]
        server-everything-2026-07-28 for x86_64-unknown-linux-gnu at /usr/lib/node_modules/index.js:1234
        the protocol versions 2024-11-05, 2025-03-26, 2025-06-18 are not ours
        tokens: 5 used, progressToken: 7
        MY_SECRET =
        =:= :// ? # --

    "#]].assert_eq(&shown);
}

#[test]
fn what_is_known_to_be_secret_is_left_out_wherever_it_stands() {
    let error = Error::closed("it said: xcorrect horsex, and dev");
    let fault = Fault::new(&error, Duration::ZERO, ["correct horse", "dev", ""]);
    assert_eq!(fault.message, "it said: x[redacted]x, and dev");
}

#[test]
fn of_an_error_one_bounded_line_is_left_that_steers_nothing() {
    let table = [
        ("a\n  b\t\r\nc", "a b c"),
        ("\x1b]0;evil\x07 \u{202e}x \u{e0041}", r"\u{1b}]0;evil\u{7} \u{202e}x \u{e0041}"),
        (r#"it's "fine" \o/ größe 漢字"#, r#"it's "fine" \o/ größe 漢字"#),
    ];
    for (text, shown) in table {
        assert_eq!(Fault::new(&Error::closed(text), Duration::ZERO, []).message, shown);
    }
    for piece in ["word ", "\u{1b}", "ß", "\u{10ffff} ", "a"] {
        let long = Fault::new(&Error::closed(piece.repeat(100_000)), Duration::ZERO, []).message;
        let length = long.chars().count();
        assert!((285..=300).contains(&length) && long.ends_with('…'), "{piece:?}: {length}");
    }
}
