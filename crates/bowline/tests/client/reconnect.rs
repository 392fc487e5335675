//! A lost connection: how it is made anew, how often, and what is sent again over it.

use crate::deliver::quick;
use crate::honest::{self, MODERN};
use crate::outcome::{Got, call, works};
use crate::script::Script;
use bowline::Client;
use bowline::client::{State, Target};
use bowline::protocol::limits::Limits;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

async fn connect(script: &Script) -> Client {
    let builder = Client::builder().limits(quick());
    builder.connect(Target::custom(script.clone())).await.unwrap()
}

/// A server that exits under the first request of a method, and is honest ever after.
fn exiting_under(method: &'static str) -> Script {
    Script::new(move |mut peer| async move {
        if peer.is_first() {
            peer.until(method).await;
            return;
        }
        peer.honest().await;
    })
}

#[tokio::test(start_paused = true)]
async fn what_only_reads_is_sent_again() {
    let script = exiting_under("tools/list");
    assert_eq!(connect(&script).await.list_tools().await.unwrap().len(), 1);
    assert_eq!(script.heard_of("tools/list").len(), 2);

    let script = exiting_under("resources/read");
    assert_eq!(connect(&script).await.read_resource("a:b").await.unwrap().contents.len(), 1);
    assert_eq!(script.heard_of("resources/read").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_again_only_if_it_and_its_caller_allow_it() {
    for (hints, repeats, want) in [
        (json!({"readOnlyHint": true}), true, Got::Said("good".into())),
        (json!({"idempotentHint": true}), true, Got::Said("good".into())),
        (json!({"readOnlyHint": true}), false, Got::Closed),
        (json!({"readOnlyHint": "yes"}), true, Got::Closed),
        (json!({"destructiveHint": false}), true, Got::Closed),
        (json!({}), true, Got::Closed),
    ] {
        let script = exiting_under_a_call(hints.clone());
        let client = connect(&script).await;
        client.list_tools().await.unwrap();
        let request = client.call_tool("good", ());
        let request = if repeats { request.repeat() } else { request };
        let got = Got::of(&request.await);
        assert_eq!(got, want, "{hints} {repeats}");
        let calls = script.heard_of("tools/call").len();
        assert_eq!(calls, if want == Got::Closed { 1 } else { 2 }, "{hints} {repeats}");
        works(&client, "a lost call").await;
    }
}

/// A server that lists a tool with these hints, and exits under its first call.
fn exiting_under_a_call(hints: Value) -> Script {
    Script::new(move |mut peer| {
        let mut tool = honest::tool("good");
        tool["annotations"] = hints.clone();
        async move {
            while let Some(message) = peer.next().await {
                match message["method"].as_str() {
                    Some("tools/list") => {
                        let tools = json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": [tool]});
                        peer.answer(&message, tools).await;
                    }
                    Some("tools/call") if peer.is_first() => return,
                    _ => peer.honestly(&message).await,
                }
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn the_state_tells_every_step() {
    let script = Script::new(|mut peer| async move {
        match peer.nth {
            1 => drop(peer.until_call("leave").await),
            2..=4 => {}
            _ => peer.honest().await,
        }
    });
    let builder = Client::builder().protocol_version(MODERN);
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    let mut state = client.state();
    let watching = tokio::spawn(async move {
        let mut seen = Vec::new();
        loop {
            let (name, over) = match &*state.borrow_and_update() {
                State::Ready { protocol_version } => (format!("ready {protocol_version}"), false),
                State::Reconnecting { attempt, last_error } => {
                    (format!("attempt {attempt}, closed: {}", last_error.is_closed()), false)
                }
                State::Closed { reason } => (format!("closed {}", reason.is_some()), true),
                other => (format!("{other:?}"), true),
            };
            seen.push(name);
            if over || state.changed().await.is_err() {
                return seen;
            }
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(call(&client, "leave").await, Got::Closed);
    works(&client, "four attempts").await;
    client.close().await;
    let seen = watching.await.unwrap();
    let attempts: Vec<String> = (1..=4).map(|at| format!("attempt {at}, closed: true")).collect();
    assert_eq!(seen.first().unwrap(), &format!("ready {MODERN}"));
    assert_eq!(seen[1..=4], attempts);
    assert_eq!(seen[5..], [format!("ready {MODERN}"), "closed false".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_spread_and_never_a_storm() {
    let mut delays = Vec::new();
    for _ in 0..20 {
        let script = Script::new(|mut peer| async move {
            if peer.nth == 1 {
                peer.until_call("leave").await;
            }
        });
        let builder = Client::builder().protocol_version(MODERN);
        let client = builder.connect(Target::custom(script.clone())).await.unwrap();
        let begun = Instant::now();
        assert_eq!(call(&client, "leave").await, Got::Closed);
        let mut state = client.state();
        let closed = state.wait_for(|state| matches!(state, State::Closed { reason: Some(_) }));
        tokio::time::timeout(Duration::from_secs(3600), closed).await.unwrap().unwrap();
        delays.push(begun.elapsed());
        let limits = Limits::local();
        assert!(script.connections() <= 2 + limits.reconnects as usize, "{}", script.connections());
        // Nothing tries any more.
        let connections = script.connections();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(script.connections(), connections);
        assert_eq!(call(&client, "good").await, Got::Closed);
    }
    // Eight waits of up to 0.5, 1, 2, 4, 8, 16, 30, 30 seconds: together at most 91.5, and never twice the same.
    assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(91_600)), "{delays:?}");
    assert!(delays.iter().max() > delays.iter().min(), "{delays:?}");
    let all: Duration = delays.iter().sum();
    assert!((20..=75).contains(&(all / 20).as_secs()), "half of it on average: {delays:?}");
}

#[tokio::test(start_paused = true)]
async fn who_wants_no_other_connection_gets_none() {
    let script = exiting_under("tools/call");
    let builder = Client::builder().reconnect(false);
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    assert_eq!(call(&client, "good").await, Got::Closed);
    assert_eq!(call(&client, "good").await, Got::Closed);
    assert_eq!(script.connections(), 1);
    assert!(matches!(&*client.state().borrow(), State::Closed { reason: Some(_) }));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_an_old_connection_is_taken_for_an_answer_on_the_new_one() {
    let script = Script::new(|mut peer| async move {
        let asked = peer.until("server/discover").await;
        peer.honestly(&asked).await;
        if peer.is_first() {
            peer.until_call("leave").await;
            return;
        }
        // What was called over the other connection is answered over this one.
        for id in 2..100 {
            peer.send(&json!({"jsonrpc": "2.0", "id": id, "result": honest::says("old")})).await;
        }
        peer.honest().await;
    });
    let client = connect(&script).await;
    assert_eq!(call(&client, "leave").await, Got::Closed);
    tokio::time::sleep(Duration::from_secs(120)).await;
    works(&client, "answers of another connection").await;
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_new_connection_and_not_for_ever() {
    let script = Script::new(|mut peer| async move {
        if peer.nth == 1 {
            peer.until_call("leave").await;
            return;
        }
        std::future::pending().await
    });
    let builder = Client::builder().protocol_version(MODERN);
    let client = builder.connect(Target::custom(script)).await.unwrap();
    assert_eq!(call(&client, "leave").await, Got::Closed);
    let begun = Instant::now();
    let got = Got::of(&client.call_tool("good", ()).timeout(Duration::from_secs(5)).await);
    assert!(matches!(got, Got::TimedOut | Got::Closed), "{got}");
    assert!(begun.elapsed() <= Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[cfg(all(feature = "http", not(modern_only)))]
mod sessions {
    use super::{Got, call, honest, json, quick, works};
    use crate::honest::LEGACY;
    use crate::web::{Exchange, JSON, TEXT, Web};
    use bowline::Client;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    async fn connect(web: &Web) -> Client {
        Client::builder().limits(quick()).connect(web.url()).await.unwrap()
    }

    /// A server whose sessions are numbered, and forgotten at a call of `forget`.
    async fn forgetful() -> (Web, Arc<AtomicUsize>) {
        let sessions = Arc::new(AtomicUsize::new(0));
        let count = sessions.clone();
        let web = Web::new(move |exchange| {
            let count = count.clone();
            async move { forgetting(exchange, &count).await }
        })
        .await;
        (web, sessions)
    }

    async fn forgetting(mut exchange: Exchange, sessions: &AtomicUsize) -> Exchange {
        if exchange.heard.method() == "initialize" {
            let number = sessions.fetch_add(1, Ordering::SeqCst) + 1;
            let reply = honest::reply(LEGACY, &exchange.heard.body).unwrap();
            let headers = format!("{JSON}mcp-session-id: session-{number}\r\n");
            exchange.respond("200 OK", &headers, &reply.to_string()).await;
            return exchange;
        }
        let now = format!("session-{}", sessions.load(Ordering::SeqCst));
        let known = exchange.heard.header("mcp-session-id") == Some(&now);
        if exchange.heard.method() != "server/discover" && !known {
            exchange.respond("404 Not Found", TEXT, "no such session").await;
            return exchange;
        }
        exchange.honestly(LEGACY).await
    }

    #[tokio::test]
    async fn a_stale_session_is_opened_anew_without_its_caller() {
        let (web, sessions) = forgetful().await;
        let client = connect(&web).await;
        works(&client, "nothing").await;
        // As if the server had been started anew: it knows of no session but a later one.
        sessions.fetch_add(10, Ordering::SeqCst);
        works(&client, "a lost session").await;
        works(&client, "a new session").await;
        assert_eq!(web.count("initialize"), 2, "{:?}", web.methods());
        let last = web.heard().into_iter().rfind(|heard| heard.calls("good")).unwrap();
        assert_eq!(last.header("mcp-session-id"), Some("session-12"));
    }

    #[tokio::test]
    async fn many_calls_that_find_a_session_gone_open_one() {
        let (web, sessions) = forgetful().await;
        let client = connect(&web).await;
        sessions.fetch_add(10, Ordering::SeqCst);
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let client = client.clone();
            calls.spawn(async move { call(&client, "good").await });
        }
        let got = calls.join_all().await;
        assert!(got.iter().all(|got| *got == Got::Said("good".into())), "{got:?}");
        assert_eq!(web.count("initialize"), 2, "{:?}", web.methods());
    }

    #[tokio::test]
    async fn a_server_that_knows_no_session_it_gave_is_not_asked_without_end() {
        let web = Web::new(|mut exchange| async move {
            match exchange.heard.method() {
                "tools/call" => exchange.respond("404 Not Found", TEXT, "no").await,
                _ => return exchange.honestly(LEGACY).await,
            }
            exchange
        })
        .await;
        let client = connect(&web).await;
        let called = tokio::time::timeout(Duration::from_secs(60), call(&client, "good"));
        assert_eq!(called.await.unwrap(), Got::Closed);
        assert!(web.count("initialize") <= 5, "{:?}", web.methods());
    }

    #[tokio::test]
    async fn a_stream_that_always_ends_is_not_opened_in_a_storm() {
        let web = Web::new(|mut exchange| async move {
            if exchange.heard.verb != "GET" {
                return exchange.honestly(LEGACY).await;
            }
            exchange.stream().await;
            exchange.say("retry: 0\nid: 1\ndata:\n\n").await;
            exchange.closed()
        })
        .await;
        let client = connect(&web).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(1) {
            works(&client, "a stream that ended").await;
        }
        let opened = web.heard().iter().filter(|heard| heard.verb == "GET").count();
        assert!(opened <= 12, "{opened} times in a second, and `retry_min` is 100 ms");
    }

    #[tokio::test]
    async fn an_answer_on_a_stream_that_broke_off_is_fetched_by_its_last_event() {
        let web = Web::new(|mut exchange| async move {
            if exchange.heard.calls("row") {
                exchange.stream().await;
                exchange.say("id: event-1\nretry: 10\ndata:\n\n").await;
                return exchange.closed();
            }
            if exchange.heard.header("last-event-id") == Some("event-1") {
                exchange.stream().await;
                // The request of the call is not here any more; it was the fourth message of this client.
                for id in 1..10 {
                    exchange
                        .event(
                            &json!({"jsonrpc": "2.0", "id": id, "result": honest::says("resumed")}),
                        )
                        .await;
                }
                exchange.hung_up().await;
                return exchange;
            }
            exchange.honestly(LEGACY).await
        })
        .await;
        let client = connect(&web).await;
        assert_eq!(call(&client, "row").await, Got::Said("resumed".into()));
        assert_eq!(web.heard().iter().filter(|heard| heard.calls("row")).count(), 1);
        works(&client, "a resumed answer").await;
    }
}
