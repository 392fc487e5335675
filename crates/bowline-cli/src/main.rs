//! The `bowline` binary.
use bowline::Server;
use bowline::transport::Stdio;
use bowline::transport::http::Http;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Echo {
    message: String,
}

#[tokio::main]
async fn main() -> bowline::Result<()> {
    let mut server = Server::new("everything", "0.1.0").tool(
        bowline::types::tool::Tool::new("echo").description("Echo"),
        |Echo { message }: Echo| async move { message },
    );
    for n in 0..std::env::var("EXTRA").ok().and_then(|n| n.parse().ok()).unwrap_or(0) {
        server = server.tool(
            bowline::types::tool::Tool::new(format!("extra{n}")),
            |Echo { message }: Echo| async move { message },
        );
    }
    match std::env::args().nth(1) {
        Some(address) => server.serve(Http::bind(&address).await?).await,
        None => server.serve(Stdio::default()).await,
    }
}
