use super::support::table;
use crate::context::Context;
use crate::principal::Principal;
use crate::server::Server;
use bowline_types::jsonrpc::{EmptyResult, ErrorObject, RequestParams};
use bowline_types::method::{ListTools, Method};
use expect_test::expect;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

struct Restart;

#[derive(Serialize, Deserialize)]
struct RestartParams {
    seconds: u32,
}

#[derive(Serialize, Deserialize)]
struct RestartResult {
    at: u32,
    #[serde(rename = "resultType")]
    result_type: String,
    #[serde(rename = "_meta")]
    meta: BTreeMap<String, u32>,
}

impl Method for Restart {
    const NAME: &'static str = "com.example/restart";
    type Params = RestartParams;
    type Result = RestartResult;
}

struct Reserved;

impl Method for Reserved {
    const NAME: &'static str = "rpc.discover";
    type Params = RequestParams;
    type Result = EmptyResult;
}

async fn restart(_: Context, params: RestartParams) -> Result<RestartResult, ErrorObject> {
    if params.seconds == 0 {
        return Err(ErrorObject::invalid_params("params.seconds: too soon"));
    }
    let meta = BTreeMap::from([("com.example/x".to_owned(), 1)]);
    Ok(RestartResult { at: params.seconds, result_type: "odd".into(), meta })
}

#[tokio::test]
async fn methods_of_ones_own_are_answered_like_those_of_the_protocol() {
    let server = Server::new("s", "1").method::<Restart>(restart);
    let requests = [
        (Restart::NAME, json!({ "seconds": 3 })),
        (Restart::NAME, json!({ "seconds": 0 })),
        (Restart::NAME, json!({ "seconds": "x" })),
        (Restart::NAME, json!({})),
        ("com.example/other", json!({})),
    ];
    expect![[r#"
        com.example/restart {"seconds":3}
            {"_meta":{"com.example/x":1},"at":3,"resultType":"complete"}
        com.example/restart {"seconds":0}
            error {"code":-32602,"message":"params.seconds: too soon"}
        com.example/restart {"seconds":"x"}
            error {"code":-32602,"message":"params: invalid type: string \"x\", expected u32"}
        com.example/restart {}
            error {"code":-32602,"message":"params: missing field `seconds`"}
        com.example/other {}
            error {"code":-32601,"message":"method not found: com.example/other"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests).await);
    assert!(server.remove_method::<Restart>());
    expect![[r#"
        com.example/restart {"seconds":3}
            error {"code":-32601,"message":"method not found: com.example/restart"}
    "#]]
    .assert_eq(&table(&server, &Principal::anonymous(), &requests[..1]).await);
    server.add_method::<Restart>(restart).unwrap();
}

#[test]
fn names_that_are_taken_are_faults() {
    async fn nothing(_: Context, _: RequestParams) -> Result<EmptyResult, ErrorObject> {
        Ok(EmptyResult::new())
    }
    let server = Server::new("s", "1")
        .method::<Restart>(restart)
        .method::<Restart>(restart)
        .method::<Reserved>(nothing)
        .method::<ListTools>(|_: Context, _| async { Err(ErrorObject::internal_error("x")) });
    expect![[r#"
        method `com.example/restart` is registered twice
        method `rpc.discover`: the name is reserved
        method `tools/list`: the protocol has one already"#]]
    .assert_eq(&server.check().unwrap_err().to_string());
}
