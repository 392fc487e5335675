//! The endpoint inside another HTTP server.

use crate::http_support::{exchange, http1, mounted, request, server, status};
use axum::Router;
use bowline::Principal;
use bowline::protocol::limits::Limits;
use bowline::transport::http::Endpoint;
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::TcpListener;
use tower_service::Service;

#[tokio::test]
async fn it_is_a_route_of_axum_at_any_path() {
    let (service, _) = mounted(Limits::local());
    let mut router: Router =
        Router::new().route_service("/direct", service.clone()).nest_service("/api/tools", service);
    for (path, expected) in [("/direct", 200), ("/api/tools", 200), ("/mcp", 404)] {
        let mut request = request("echo", &json!({ "message": "hi" }));
        *request.uri_mut() = path.parse().unwrap();
        let response = router.call(request.map(axum::body::Body::new)).await.unwrap();
        assert_eq!(response.status(), expected, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(String::from_utf8_lossy(&body).contains("\"text\":\"hi\""), expected == 200);
    }
}

#[tokio::test]
async fn its_guard_comes_with_it() {
    let (service, _) = mounted(Limits::local());
    let mut router: Router = Router::new().nest_service("/mcp", service);
    for (header, value) in [("host", "evil.com"), ("origin", "https://evil.com")] {
        let mut request = request("echo", &json!({ "message": "hi" }));
        request.headers_mut().insert(header, value.parse().unwrap());
        let response = router.call(request.map(axum::body::Body::new)).await.unwrap();
        assert_eq!(response.status(), 403, "{header}");
    }
}

#[tokio::test]
async fn it_streams_through_axum_over_a_socket() {
    let (service, _) = mounted(Limits::local());
    let router: Router = Router::new().nest_service("/mcp", service);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
            .await
            .unwrap();
    });
    let answer =
        exchange(address, http1("log", &json!({ "count": 3 }), "connection: close\r\n").as_bytes())
            .await;
    assert_eq!(status(&answer), 200);
    assert_eq!(answer.matches("data: ").count(), 4, "{answer}");
    serving.await.unwrap();
}

#[tokio::test]
async fn a_layer_in_front_says_who_asks_unless_the_endpoint_finds_out() {
    let secret = "0123456789012345678901234567890123456789abc";
    let (open, _) = mounted(Limits::local());
    let own = Endpoint::default().bearer_token(secret).unwrap().mount(server().0);
    for (service, expected) in [(open, "Token layer false"), (own, "Token token false")] {
        let mut request = request("who", &json!({}));
        request.headers_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
        request.extensions_mut().insert(Principal::token("layer", []));
        let response = service.answer(request).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(expected), "{body:?}");
    }
}
