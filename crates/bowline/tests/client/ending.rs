//! How a connection ends: by either side, in every way, over every transport; what each of the parties gets.

use crate::deliver::quick;
use crate::honest::{LEGACY, MODERN, says};
use crate::outcome::{Faults, Got, call, settle, works};
use crate::script::Script;
#[cfg(feature = "http")]
use crate::web::Web;
#[cfg(all(feature = "http", not(modern_only)))]
use crate::{old, web::EVENTS};
use bowline::Client;
use bowline::client::{State, Target};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What a test looks at from outside.
struct Seen {
    /// What the open calls got.
    calls: Vec<Got>,
    /// The last state.
    state: String,
    faults: Vec<String>,
    /// How many tasks are there that were not before.
    tasks: usize,
}

/// How many tasks there are.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Which of the ways.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// [`Client::close`].
    Close,
    /// The last clone is dropped.
    Drop,
    /// The server goes away, and does not come again.
    Gone,
}

fn open_calls(client: &Client, count: usize) -> Vec<JoinHandle<Got>> {
    let call = |_| {
        let client = client.clone();
        tokio::spawn(async move { call(&client, "silent").await })
    };
    (0..count).map(call).collect()
}

fn state(client: &Client) -> String {
    named(&client.state().borrow())
}

fn named(state: &State) -> String {
    match state {
        State::Connecting => "connecting".into(),
        State::Ready { protocol_version } => format!("ready {protocol_version}"),
        State::Reconnecting { attempt, .. } => format!("reconnecting {attempt}"),
        State::Closed { reason: None } => "closed".into(),
        State::Closed { reason: Some(_) } => "closed for a reason".into(),
        other => format!("{other:?}"),
    }
}

async fn gathered(calls: Vec<JoinHandle<Got>>) -> Vec<Got> {
    let mut got = Vec::new();
    for call in calls {
        got.push(call.await.unwrap());
    }
    got
}

/// A server that never answers calls of `silent`, and goes away at a call of `leave`, for good.
fn leaving() -> Script {
    Script::new(|mut peer| async move {
        if peer.nth > 1 && !peer.is_first() {
            return;
        }
        loop {
            let call = peer.until("tools/call").await;
            match call["params"]["name"].as_str() {
                Some("silent") => {}
                Some("leave") => return,
                _ => peer.honestly(&call).await,
            }
        }
    })
}

/// Ends a client over a byte stream in one of the ways, with four calls open.
async fn end(script: &Script, way: Way) -> Seen {
    let before = tasks();
    let faults = Faults::default();
    let builder = Client::builder().limits(quick().reconnects(2)).on_error(faults.hear());
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    works(&client, "nothing").await;
    let watch = client.state();
    let (calls, state) = match way {
        Way::Close => {
            let open = open_calls(&client, 4);
            settle().await;
            client.close().await;
            client.close().await;
            assert_eq!(call(&client, "good").await, Got::Closed, "nothing after the end");
            (gathered(open).await, state(&client))
        }
        Way::Gone => {
            let open = open_calls(&client, 4);
            settle().await;
            let got = call(&client, "leave").await;
            assert_eq!(got, Got::Closed);
            let calls = gathered(open).await;
            tokio::time::sleep(Duration::from_secs(120)).await;
            (calls, state(&client))
        }
        Way::Drop => {
            // Whoever calls holds a clone; a dropped call is the only open one there can be.
            let open = client.call_tool("silent", ()).into_future();
            assert!(tokio::time::timeout(Duration::from_secs(1), open).await.is_err());
            (Vec::new(), named(&watch.borrow()))
        }
    };
    drop(client);
    drop(watch);
    tokio::time::sleep(Duration::from_secs(10)).await;
    settle().await;
    Seen { calls, state, faults: faults.all(), tasks: tasks().saturating_sub(before) }
}

#[tokio::test(start_paused = true)]
async fn of_a_byte_stream() {
    for version in [MODERN, LEGACY] {
        for (way, calls, ends) in [
            (Way::Close, vec![Got::Closed; 4], "closed"),
            (Way::Drop, vec![], &*format!("ready {version}")),
            (Way::Gone, vec![Got::Closed; 4], "closed for a reason"),
        ] {
            let script = leaving().speaking(version);
            let seen = end(&script, way).await;
            let what = format!("{version} {way:?}");
            assert_eq!(seen.calls, calls, "{what}");
            assert_eq!(seen.state, ends, "{what}");
            assert_eq!(seen.tasks, 0, "{what}: tasks are left");
            assert_eq!(script.ended(), script.connections(), "{what}: the server saw the end");
            // Those who close are not told of it; those who are left are.
            assert_eq!(seen.faults.is_empty(), way != Way::Gone, "{what}: {:?}", seen.faults);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_protocol_error_ends_nothing_but_what_it_belongs_to() {
    for version in [MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move {
            let broken = peer.until_call("silent").await;
            let open = peer.until_call("silent").await;
            peer.say("noise\n{}\n[1]\n").await;
            peer.line(&format!(r#"{{"jsonrpc":"2.0","id":{},"result":5}}"#, broken["id"])).await;
            peer.line(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            peer.answer(&open, says("good")).await;
            peer.honest().await;
        })
        .speaking(version);
        let faults = Faults::default();
        let builder = Client::builder().on_error(faults.hear());
        let client = builder.connect(Target::custom(script.clone())).await.unwrap();
        let connections = script.connections();
        let mut open = open_calls(&client, 2);
        let (last, first) = (open.pop().unwrap(), open.pop().unwrap());
        assert_eq!(first.await.unwrap(), Got::Bad, "{version}");
        assert_eq!(state(&client), format!("ready {version}"));
        assert_eq!(last.await.unwrap(), Got::Said("good".into()), "{version}");
        assert_eq!(script.connections(), connections, "the connection is the same");
        assert!(faults.all().len() >= 4, "{version}: {:?}", faults.all());
        works(&client, "protocol errors").await;
    }
}

#[tokio::test(start_paused = true)]
async fn close_is_told_to_the_state_and_to_those_who_wait_for_it() {
    let script = leaving();
    let client = Client::connect(Target::custom(script)).await.unwrap();
    let mut watch = client.state();
    let waiting = tokio::spawn(async move {
        let closed = watch.wait_for(|state| matches!(state, State::Closed { .. })).await;
        named(&closed.unwrap())
    });
    settle().await;
    client.close().await;
    assert_eq!(waiting.await.unwrap(), "closed");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_hang_up_does_not_hold_up_the_end() {
    let script = Script::new(|mut peer| async move {
        peer.until_call("silent").await;
        // It neither reads nor closes.
        std::future::pending().await
    });
    let client = Client::connect(Target::custom(script)).await.unwrap();
    let open = open_calls(&client, 1);
    settle().await;
    let begun = tokio::time::Instant::now();
    client.close().await;
    assert!(begun.elapsed() <= Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(gathered(open).await, [Got::Closed]);
}

#[tokio::test(start_paused = true)]
async fn many_clients_leave_nothing_behind() {
    let before = tasks();
    for way in [Way::Close, Way::Drop].into_iter().cycle().take(200) {
        let client = Client::connect(Target::custom(leaving())).await.unwrap();
        works(&client, "one of many").await;
        if way == Way::Close {
            client.close().await;
        }
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    settle().await;
    assert_eq!(tasks(), before);
}

#[cfg(feature = "http")]
mod over_http {
    use super::*;
    use tokio::task::JoinSet;

    /// How many tasks there are when those have ended that are only on their way out.
    async fn comes_back_to(before: usize, web: &Web) -> usize {
        for _ in 0..400 {
            if web.open() == 0 && tasks() <= before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tasks()
    }

    /// A server that never answers calls of `silent`.
    async fn silent(version: &'static str) -> Web {
        Web::new(move |mut exchange| async move {
            if exchange.heard.calls("silent") {
                exchange.hung_up().await;
                return exchange;
            }
            exchange.honestly(version).await
        })
        .await
    }

    #[tokio::test]
    async fn of_requests() {
        for version in [MODERN, LEGACY] {
            for way in [Way::Close, Way::Drop] {
                ended(version, way).await;
            }
        }
    }

    async fn ended(version: &'static str, way: Way) {
        let what = format!("{version} {way:?}");
        let web = silent(version).await;
        let before = tasks();
        let faults = Faults::default();
        let builder = Client::builder().limits(quick()).on_error(faults.hear());
        let client = builder.connect(web.url()).await.unwrap();
        works(&client, "nothing").await;
        if way == Way::Close {
            let open = open_calls(&client, 4);
            while web.heard().iter().filter(|heard| heard.calls("silent")).count() < 4 {
                tokio::task::yield_now().await;
            }
            client.close().await;
            assert_eq!(gathered(open).await, vec![Got::Closed; 4], "{what}");
            assert_eq!(call(&client, "good").await, Got::Closed, "{what}");
            assert_eq!(state(&client), "closed", "{what}");
        } else {
            let open = client.call_tool("silent", ()).into_future();
            assert!(tokio::time::timeout(Duration::from_millis(100), open).await.is_err());
        }
        drop(client);
        let after = comes_back_to(before, &web).await;
        assert!(after <= before, "{what}: {before:?} {after:?}");
        // A session is ended in good order; where there is none, there is nothing to say.
        let deleted = web.heard().iter().filter(|heard| heard.verb == "DELETE").count();
        assert_eq!(deleted, usize::from(version == LEGACY), "{what}: {:?}", web.methods());
        assert_eq!(faults.all(), Vec::<String>::new(), "{what}");
    }

    #[tokio::test]
    #[cfg(not(modern_only))]
    async fn of_the_stream_of_the_oldest_transport() {
        for way in [Way::Close, Way::Drop] {
            let web = old::server(old::OPENING, |message, stream| async move {
                if message["params"]["name"] != "silent" {
                    stream.honestly(&message);
                }
            })
            .await;
            let before = tasks();
            let client = Client::builder().limits(quick()).connect(web.url()).await.unwrap();
            works(&client, "nothing").await;
            if way == Way::Close {
                let open = open_calls(&client, 4);
                while web.heard().iter().filter(|heard| heard.calls("silent")).count() < 4 {
                    tokio::task::yield_now().await;
                }
                client.close().await;
                assert_eq!(gathered(open).await, vec![Got::Closed; 4]);
            }
            drop(client);
            let after = comes_back_to(before, &web).await;
            assert_eq!(web.open(), 0, "{way:?}: the stream is closed");
            assert!(after <= before, "{way:?}: {before:?} {after:?}");
        }
    }

    #[tokio::test]
    #[cfg(not(modern_only))]
    async fn of_a_session_whose_own_stream_is_open() {
        let web = Web::new(|mut exchange| async move {
            if exchange.heard.verb != "GET" {
                return exchange.honestly(LEGACY).await;
            }
            exchange
                .say(format!("HTTP/1.1 200 OK\r\n{EVENTS}connection: close\r\n\r\n: open\n\n"))
                .await;
            exchange.hung_up().await;
            exchange
        })
        .await;
        let before = tasks();
        let client = Client::builder().limits(quick()).connect(web.url()).await.unwrap();
        works(&client, "a session").await;
        client.close().await;
        drop(client);
        let after = comes_back_to(before, &web).await;
        assert_eq!(web.open(), 0);
        assert!(after <= before, "{before:?} {after:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_an_error_and_comes_back_by_itself() {
        let web = silent(MODERN).await;
        let client =
            Client::builder().limits(quick().reconnects(1)).connect(web.url()).await.unwrap();
        works(&client, "nothing").await;
        drop(web);
        let mut calls = JoinSet::new();
        for _ in 0..4 {
            let client = client.clone();
            calls.spawn(async move { client.call_tool("good", ()).await });
        }
        let limit = Duration::from_secs(60);
        let got = tokio::time::timeout(limit, calls.join_all()).await.unwrap();
        assert!(got.iter().all(Result::is_err), "{got:?}");
    }
}

#[cfg(unix)]
mod of_children {
    use super::*;
    use bowline::transport::child::Command;

    /// A server in the shell that answers `server/discover` and calls of `good`, and nothing else.
    const SERVER: &str = r#"
        good='"result":{"resultType":"complete","content":[{"type":"text","text":"good"}]}}'
        found='"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}'
        while read -r line; do
            id=${line#*\"id\":}; id=${id%%,*}
            case $line in
                *server/discover*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$found" ;;
                *'"good"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$good" ;;
                *'"leave"'*) echo 'I am leaving' >&2; exit 3 ;;
            esac
        done
    "#;

    fn children() -> usize {
        // Of this thread only: tests run beside each other.
        std::fs::read_to_string("/proc/thread-self/children")
            .map_or(0, |children| children.split_whitespace().count())
    }

    #[tokio::test]
    async fn nothing_is_left_of_them() {
        for way in [Way::Close, Way::Drop] {
            let (before, born) = (tasks(), children());
            let command = Command::new("sh").arg("-c").arg(SERVER);
            let client = Client::connect(command).await.unwrap();
            works(&client, "its start").await;
            if way == Way::Close {
                let open = open_calls(&client, 2);
                settle().await;
                client.close().await;
                assert_eq!(gathered(open).await, vec![Got::Closed; 2]);
                assert_eq!(children(), born, "close returns when it has ended");
            }
            drop(client);
            for _ in 0..1000 {
                if children() <= born && tasks() <= before {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(children(), born, "{way:?}");
            assert!(tasks() <= before, "{way:?}: {before:?} {:?}", tasks());
        }
    }

    #[tokio::test]
    async fn one_that_exits_is_started_again_and_its_last_words_are_kept() {
        let command = Command::new("sh").arg("-c").arg(SERVER);
        let client = Client::builder().limits(quick()).connect(command).await.unwrap();
        assert_eq!(call(&client, "leave").await, Got::Closed);
        works(&client, "an exit").await;
        assert!(client.stderr().contains("I am leaving"), "{:?}", client.stderr());
        client.close().await;
    }
}
