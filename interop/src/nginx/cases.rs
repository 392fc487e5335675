//! What must hold behind nginx.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nginx::Case;
use crate::nginx::client::{Call, Http, text_of};
use crate::nginx::config::{documented_command, swap, with, with_prefix, without};
use crate::nginx::counter::Counter;
use crate::nginx::site::{Ground, Site};

cases!(
    the_page_shows_the_command_that_runs_here,
    a_call_is_answered_as_json,
    http_2_in_front,
    large_messages_pass,
    events_come_as_they_are_sent,
    buffering_would_hold_events_back,
    a_path_in_front,
    a_path_that_the_server_knows,
    the_public_host_needs_a_switch,
    the_public_host_is_allowed_by_name,
    the_name_of_the_upstream_needs_a_switch,
    the_name_of_the_upstream_is_allowed_by_name,
    a_loopback_address_needs_no_switch,
    pages_of_the_public_url_may_call,
    calls_share_a_connection,
    a_call_after_a_pause_is_answered,
    http_1_0_behind_works_too,
    a_client_that_goes_away_cancels,
    comments_keep_a_quiet_stream,
    silence_would_end_a_quiet_stream,
);

fn the_page_shows_the_command_that_runs_here(ground: &Ground) -> Result<(), String> {
    let words = documented_command(ground.page)?;
    let shown: Vec<&str> = words.iter().map(String::as_str).collect();
    let wanted = [
        "serve",
        "everything",
        "--listen",
        "127.0.0.1:8080",
        "--public-url",
        "https://tools.example.com/mcp",
    ];
    same(&shown, &wanted)
}

fn a_call_is_answered_as_json(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    for http in [Http::One, Http::Two] {
        let answer = echo("hello").over(http).answer(&site)?;
        same(&answer.text()?, "hello")?;
        same(&answer.kind, "application/json")?;
    }
    let missing = echo("x").to("https://tools.example.com/nowhere").answer(&site)?;
    same(&missing.status, &404)
}

fn http_2_in_front(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    same(&echo("x").over(Http::Two).answer(&site)?.version, "2")?;
    same(&echo("x").over(Http::One).answer(&site)?.version, "1.1")
}

fn large_messages_pass(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    let message = "0123456789abcdef".repeat(3 * 1024 * 64);
    same(&echo(&message).answer(&site)?.text()?.len(), &message.len())?;
    let big = Call::new("big", json!({ "kib": 4096 })).answer(&site)?;
    same(&big.text()?.len(), &(4096 * 1024))?;
    // The limit of nginx is no larger than ours, so that it is nginx that refuses.
    same(&echo(&message.repeat(2)).answer(&site)?.status, &413)
}

fn events_come_as_they_are_sent(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    for http in [Http::One, Http::Two] {
        let (first, answer) = times_of_slow(&site, http)?;
        if first > Duration::from_secs(1) || answer < Duration::from_secs(2) {
            return Err(format!(
                "the first event came after {first:?}, the answer after {answer:?}"
            ));
        }
    }
    Ok(())
}

/// Shows that the row above can fail, and that it is the header that makes it pass.
fn buffering_would_hold_events_back(ground: &Ground) -> Result<(), String> {
    let config = with(&ground.config()?, "proxy_ignore_headers X-Accel-Buffering;")?;
    let site = ground.with(PUBLIC, &config)?;
    let (first, answer) = times_of_slow(&site, Http::One)?;
    let held = first >= Duration::from_secs(2);
    require(held, || format!("the first event came after {first:?}, the answer after {answer:?}"))
}

fn a_path_in_front(ground: &Ground) -> Result<(), String> {
    let config = with_prefix(ground.page)?;
    let site = ground.with(&["--public-url", "https://tools.example.com/tools/mcp"], &config)?;
    same(&echo("x").to("https://tools.example.com/tools/mcp").answer(&site)?.text()?, "x")?;
    site.logged("known as https://tools.example.com/tools/mcp")
}

fn a_path_that_the_server_knows(ground: &Ground) -> Result<(), String> {
    let config = swap(&ground.config()?, "location = /mcp", "location = /tools/mcp")?;
    let switches = ["--path", "/tools/mcp", "--public-url", "https://tools.example.com/tools/mcp"];
    let site = ground.with(&switches, &config)?;
    same(&echo("x").to("https://tools.example.com/tools/mcp").answer(&site)?.text()?, "x")
}

fn the_public_host_needs_a_switch(ground: &Ground) -> Result<(), String> {
    refused_host(&ground.with(&[], &ground.config()?)?, "tools.example.com")
}

fn the_public_host_is_allowed_by_name(ground: &Ground) -> Result<(), String> {
    let site = ground.with(&["--allow-host", "tools.example.com"], &ground.config()?)?;
    same(&echo("x").answer(&site)?.text()?, "x")
}

fn the_name_of_the_upstream_needs_a_switch(ground: &Ground) -> Result<(), String> {
    // The public URL does not help: it is not what nginx sends then.
    refused_host(&ground.with(PUBLIC, &forgotten_host(ground)?)?, "bowline")
}

fn the_name_of_the_upstream_is_allowed_by_name(ground: &Ground) -> Result<(), String> {
    let site = ground.with(&["--allow-host", "bowline"], &forgotten_host(ground)?)?;
    same(&echo("x").answer(&site)?.text()?, "x")
}

fn a_loopback_address_needs_no_switch(ground: &Ground) -> Result<(), String> {
    let config = forgotten_host(ground)?;
    let config = config.replace("proxy_pass http://bowline;", "proxy_pass http://127.0.0.1:8080;");
    let site = ground.with(&[], &config)?;
    same(&echo("x").answer(&site)?.text()?, "x")
}

fn pages_of_the_public_url_may_call(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    let call = echo("x").header("Origin: https://tools.example.com");
    same(&call.answer(&site)?.text()?, "x")?;
    let foreign = echo("x").header("Origin: https://evil.example.com").answer(&site)?;
    same(&foreign.status, &403)?;
    site.logged("--allow-origin https://evil.example.com")
}

fn calls_share_a_connection(ground: &Ground) -> Result<(), String> {
    let server = ground.serve(PUBLIC)?;
    let counter = Counter::start(server.address)?;
    let site = ground.front(server, counter.address, &ground.config()?)?;
    let statuses = echo("x").statuses(&site, 200)?;
    same(&statuses, &vec![200; 200])?;
    // A client of its own each time, and a pause that is shorter than the timeout.
    thread::sleep(Duration::from_secs(2));
    same(&echo("x").answer(&site)?.text()?, "x")?;
    same(&counter.count(), &1)?;

    // Shows that it is the configuration that makes it so.
    let server = ground.serve(PUBLIC)?;
    let counter = Counter::start(server.address)?;
    let site = ground.front(
        server,
        counter.address,
        &without(&ground.config()?, "proxy_http_version")?,
    )?;
    same(&echo("x").statuses(&site, 20)?, &vec![200; 20])?;
    same(&counter.count(), &20)
}

/// nginx lets go of a connection before the server does, so that no request meets its end.
fn a_call_after_a_pause_is_answered(ground: &Ground) -> Result<(), String> {
    let server = ground.serve(PUBLIC)?;
    let counter = Counter::start(server.address)?;
    let site = ground.front(server, counter.address, &ground.config()?)?;
    same(&echo("x").answer(&site)?.text()?, "x")?;
    same(&counter.open(), &1)?;
    thread::sleep(Duration::from_secs(6));
    same(&counter.open(), &0)?;
    same(&echo("x").answer(&site)?.text()?, "x")?;
    same(&counter.count(), &2)
}

fn http_1_0_behind_works_too(ground: &Ground) -> Result<(), String> {
    let site = ground.with(PUBLIC, &without(&ground.config()?, "proxy_http_version")?)?;
    same(&echo("x").answer(&site)?.text()?, "x")?;
    let (first, answer) = times_of_slow(&site, Http::One)?;
    require(first < Duration::from_secs(1) && answer >= Duration::from_secs(2), || {
        format!("the first event came after {first:?}, the answer after {answer:?}")
    })
}

fn a_client_that_goes_away_cancels(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    let mut gone = 0;
    for http in [Http::One, Http::Two] {
        // Once it is a stream.
        let mut stream = Call::new("slow", json!({ "seconds": 60 })).over(http).begin(&site)?;
        stream.event()?;
        drop(stream);
        gone += 1;
        cancelled(&site, gone)?;
        // And before there is any answer.
        let quiet = json!({ "seconds": 60, "quiet": true });
        let stream = Call::new("slow", quiet).over(http).begin(&site)?;
        thread::sleep(Duration::from_millis(500));
        drop(stream);
        gone += 1;
        cancelled(&site, gone)?;
    }
    Ok(())
}

fn comments_keep_a_quiet_stream(ground: &Ground) -> Result<(), String> {
    let config = with(&ground.config()?, IMPATIENT)?;
    let site = ground.with(&["--allow-host", "tools.example.com", "--keep-alive", "1"], &config)?;
    let quiet = json!({ "seconds": 7, "quiet": true });
    same(&Call::new("slow", quiet).answer(&site)?.text()?, "waited")
}

/// Shows that the row above can fail.
fn silence_would_end_a_quiet_stream(ground: &Ground) -> Result<(), String> {
    let config = with(&ground.config()?, IMPATIENT)?;
    let site = ground.with(PUBLIC, &config)?;
    let quiet = json!({ "seconds": 7, "quiet": true });
    match Call::new("slow", quiet).answer(&site).and_then(|answer| answer.text()) {
        Err(_) => Ok(()),
        Ok(text) => Err(format!("answered {text:?} after seven quiet seconds")),
    }
}

/// What the page tells the server.
pub(super) const PUBLIC: &[&str] = &["--public-url", "https://tools.example.com/mcp"];

/// A minute is too long for a test.
const IMPATIENT: &str = "proxy_read_timeout 3s;";

pub(super) fn echo(message: &str) -> Call {
    Call::new("echo", json!({ "message": message }))
}

fn forgotten_host(ground: &Ground) -> Result<String, String> {
    without(&ground.config()?, "proxy_set_header Host")
}

/// The refusal says what was wrong to the client, and what to do to who runs the server.
fn refused_host(site: &Site, host: &str) -> Result<(), String> {
    let answer = echo("x").answer(site)?;
    same(&answer.status, &403)?;
    let body: Value = serde_json::from_str(&answer.body).map_err(|_| answer.body.clone())?;
    let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let wanted = format!("host `{host}` is not allowed");
    require(message.contains(&wanted), || format!("the refusal says {message:?}"))?;
    site.logged(&format!("--allow-host {host}"))
}

/// When the first event of a call of two seconds came, and when its answer.
fn times_of_slow(site: &Site, http: Http) -> Result<(Duration, Duration), String> {
    let mut stream = Call::new("slow", json!({ "seconds": 2 })).over(http).begin(site)?;
    let (first, event) = stream.event()?;
    require(event.contains("started"), || format!("the first event is {event}"))?;
    let (last, answer) = stream.event()?;
    same(&text_of(&answer)?, "waited")?;
    Ok((first, last))
}

/// Waits until so many calls have been cancelled, and no more.
pub(super) fn cancelled(site: &Site, wanted: u64) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(3);
    loop {
        let answer = Call::new("cancelled_count", json!({})).answer(site)?;
        let body: Value = serde_json::from_str(&answer.body).map_err(|_| answer.body.clone())?;
        let count = body.pointer("/result/structuredContent/cancelled").and_then(Value::as_u64);
        if count == Some(wanted) {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("{count:?} calls were cancelled within 3 s, not {wanted}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn require(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

pub(super) fn same<T: PartialEq<U> + std::fmt::Debug + ?Sized, U: std::fmt::Debug + ?Sized>(
    found: &T,
    wanted: &U,
) -> Result<(), String> {
    require(found == wanted, || format!("found {found:.200?}, not {wanted:.200?}"))
}
