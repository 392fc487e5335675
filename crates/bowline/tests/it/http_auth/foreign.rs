//! Foreign and unknown ids answer alike, whoever's they are.

use super::authority::{Authority, mount, with};
use crate::http_session_support::{Peer, Stream, call, json_of, server};
use bowline::transport::http::{HttpService, ResponseBody};
use http::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// All of a response but what tells the time.
async fn whole(response: Response<ResponseBody>) -> (u16, Vec<(String, String)>, String) {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let headers = headers.collect();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, headers, String::from_utf8(body.to_vec()).unwrap())
}

struct People {
    authority: Authority,
    other: Authority,
    service: HttpService,
}

impl People {
    async fn new(server: bowline::Server) -> Self {
        let (authority, other) = (Authority::start().await, Authority::start().await);
        let issuer = bowline::transport::http::Issuer::new(&other.issuer).unwrap();
        let service = mount(authority.protected().issuer(issuer), server);
        Self { authority, other, service }
    }

    fn alice(&self) -> String {
        self.authority.token(json!({ "sub": "alice" }))
    }

    /// Everybody who is not Alice: others of her issuer, her namesake of another, and a client of her name.
    fn others(&self) -> Vec<String> {
        vec![
            self.authority.token(json!({ "sub": "bob" })),
            self.other.token(json!({ "sub": "alice" })),
            self.authority.token(json!({ "sub": null, "client_id": "alice" })),
        ]
    }

    async fn session(&self, token: &str) -> Peer {
        let authorization = Some(format!("Bearer {token}"));
        Peer { authorization, ..Peer::new(&self.service, "2025-11-25") }.opened().await
    }
}

/// CVE-2026-52869 in another SDK: a session was found by its id alone.
#[tokio::test]
async fn a_session_of_somebody_else_is_one_that_never_was() {
    let people = People::new(server().0).await;
    let alice = people.session(&people.alice()).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let unknown = alice.session.as_ref().unwrap().chars().rev().collect::<String>();
    for token in people.others() {
        let foreign = Peer { authorization: Some(format!("Bearer {token}")), ..alice.clone() };
        let unknown = Peer { session: Some(unknown.clone()), ..foreign.clone() };
        let post = whole(foreign.post(&list).await).await;
        assert_eq!(post.0, 404);
        assert_eq!(post, whole(unknown.post(&list).await).await);
        assert_eq!(whole(foreign.get(None).await).await, whole(unknown.get(None).await).await);
        assert_eq!(
            whole(foreign.get(Some("x")).await).await,
            whole(unknown.get(Some("x")).await).await
        );
        assert_eq!(whole(foreign.delete().await).await, whole(unknown.delete().await).await);
        assert_eq!(alice.post(&list).await.status(), 200, "she notices nothing");
    }
}

/// The id of an event of somebody else's stream resumes nothing.
#[tokio::test]
async fn an_event_of_somebody_else_is_one_that_never_was() {
    let (server, watch) = server();
    let people = People::new(server).await;
    let alice = people.session(&people.alice()).await;
    let response = alice.call(1, "step", json!({ "count": 3 })).await;
    let mut stream = Stream::of(response);
    watch.steps.add_permits(3);
    let id = loop {
        if let Some(id) = stream.next().await.unwrap().id {
            break id;
        }
    };
    for token in people.others() {
        let own = people.session(&token).await;
        // Within a session of one's own, and with somebody else's.
        let foreign = own.get(Some(&id)).await;
        let unknown = own.get(Some(&id.chars().rev().collect::<String>())).await;
        assert_eq!(foreign.status(), unknown.status());
        assert_eq!(first_bytes(foreign).await, first_bytes(unknown).await);
        let both = Peer { authorization: Some(format!("Bearer {token}")), ..alice.clone() };
        assert_eq!(both.get(Some(&id)).await.status(), 404);
    }
}

/// What comes at once, which of a stream that has nothing to say is nothing.
async fn first_bytes(response: Response<ResponseBody>) -> String {
    let mut body = response.into_body();
    let first = tokio::time::timeout(std::time::Duration::from_millis(200), body.frame()).await;
    let data = first.ok().flatten().map(|frame| frame.unwrap().into_data().unwrap());
    let text = data.map(|data| String::from_utf8(data.to_vec()).unwrap()).unwrap_or_default();
    // Ids of events are random.
    text.lines().filter(|line| !line.starts_with("id:")).collect()
}

/// A question that Alice was asked cannot be answered by somebody else, nor can anybody tell that it was asked.
#[tokio::test]
async fn the_state_of_somebody_elses_call_is_none() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Answer {
        #[allow(dead_code, reason = "what is answered does not matter")]
        name: String,
    }
    let server = bowline::Server::new("test", "1").tool(
        bowline::types::tool::Tool::new("ask"),
        |cx: bowline::Context| async move {
            cx.elicit::<Answer>("name", "who are you?").await?;
            Ok::<_, bowline::Error>("answered")
        },
    );
    let people = People::new(server).await;
    let ask = async |token: &str, state: Option<&str>| -> Value {
        let mut request = with(crate::http_support::request("ask", &json!({})), token);
        let mut meta = crate::http_support::meta();
        meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
        let mut body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "ask", "arguments": {}, "_meta": meta },
        });
        if let Some(state) = state {
            body["params"]["requestState"] = state.into();
            let answer = json!({ "action": "accept", "content": { "name": "x" } });
            body["params"]["inputResponses"] = json!({ "name": answer });
        }
        *request.body_mut() = http_body_util::Full::from(body.to_string());
        let response = people.service.answer(request).await;
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    };
    let alice = people.alice();
    let asked = ask(&alice, None).await;
    let state =
        asked["result"]["requestState"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
    for token in people.others() {
        let foreign = ask(&token, Some(&state)).await;
        let unknown = ask(&token, Some(&state.chars().rev().collect::<String>())).await;
        assert_eq!(foreign["error"]["code"], -32602, "{foreign}");
        assert_eq!(foreign, unknown);
    }
    // She may come back with a newer token.
    let renewed = people.authority.token(json!({ "sub": "alice", "jti": "2" }));
    assert!(ask(&renewed, Some(&state)).await["error"].is_null());
}

/// A cursor that names what somebody may not know of tells nothing.
#[tokio::test]
async fn a_cursor_of_somebody_else_is_none() {
    use bowline::types::tool::Tool;
    let server = bowline::Server::new("test", "1")
        .page_size(1)
        .visible(|principal, item| principal.subject() == Some("alice") || item.name() != "secret")
        .tool(Tool::new("secret"), || async { "" })
        .tool(Tool::new("a"), || async { "" })
        .tool(Tool::new("b"), || async { "" });
    let people = People::new(server).await;
    let list = |cursor: Option<&str>| {
        let mut list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        if let Some(cursor) = cursor {
            list["params"]["cursor"] = cursor.into();
        }
        list
    };
    let alice = people.session(&people.alice()).await;
    let page = json_of(alice.post(&list(None)).await).await;
    assert_eq!(page["result"]["tools"][0]["name"], "secret");
    let cursor = page["result"]["nextCursor"].as_str().unwrap();
    let bob = people.session(&people.others()[0]).await;
    let foreign = json_of(bob.post(&list(Some(cursor))).await).await;
    let unknown = json_of(bob.post(&list(Some("never"))).await).await;
    assert_eq!(foreign["error"]["code"], -32602);
    assert_eq!(foreign, unknown);
    // And so is a call to what he may not know of.
    let hidden = json_of(bob.post(&call(2, "secret", json!({}))).await).await;
    let never = json_of(bob.post(&call(2, "never!", json!({}))).await).await;
    assert_eq!(hidden.to_string().replace("secret", "never!"), never.to_string());
}

/// What runs for one person is counted together, whichever token it came with.
#[tokio::test]
async fn a_person_cannot_run_more_by_having_more_tokens() {
    use bowline::protocol::limits::Limits;
    let authority = Authority::start().await;
    let (server, watch) = crate::http_support::server();
    let limits = Limits::local().running_per_principal(2);
    let service = super::authority::endpoint(authority.protected()).limits(limits).mount(server);
    let start = |sub: &str, jti: u32| {
        let token = authority.token(json!({ "sub": sub, "jti": jti }));
        let (service, request) =
            (service.clone(), with(crate::http_support::request("wait", &json!({})), &token));
        tokio::spawn(async move { service.answer(request).await })
    };
    let running = [start("alice", 1), start("alice", 2)];
    watch.begun.one().await;
    watch.begun.one().await;
    assert_eq!(start("alice", 3).await.unwrap().status(), 429);
    let bob = start("bob", 4);
    watch.begun.one().await;
    watch.go.notify_waiters();
    for call in running.into_iter().chain([bob]) {
        assert_eq!(call.await.unwrap().status(), 200);
    }
}
