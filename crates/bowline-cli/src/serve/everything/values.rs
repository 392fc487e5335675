//! Tools that answer with text and with structured values.

use super::sabotage;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::{Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn register(server: Server) -> Server {
    server
        .tool(
            Tool::new("echo")
                .title("Echo")
                .description(sabotage::spoil("list_tools", "Returns the message unchanged."))
                .annotations(
                    ToolAnnotations::new()
                        .read_only_hint(true)
                        .idempotent_hint(true)
                        .open_world_hint(false),
                ),
            echo,
        )
        .tool(Tool::new("add").description("Adds two numbers."), add)
        .tool(Tool::new("structured_array").description("Returns three numbers."), array)
        .tool(Tool::new("structured_string").description("Returns a string."), string)
        .tool(Tool::new("structured_number").description("Returns a number."), number)
        .tool(Tool::new("structured_boolean").description("Returns a boolean."), boolean)
        .tool(Tool::new("structured_null").description("Returns null."), null)
}

/// That many tools more, each an echo.
pub(super) fn register_more(server: Server, count: usize) -> Server {
    (0..count).fold(server, |server, n| {
        server.tool(Tool::new(format!("extra_{n:04}")).description("One more echo."), echo)
    })
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// What to return.
    message: String,
}

async fn echo(Echo { message }: Echo) -> String {
    if message == "plain" { sabotage::spoil("echo", message) } else { message }
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The first addend.
    a: f64,
    /// The second addend.
    b: f64,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: f64,
}

async fn add(Add { a, b }: Add) -> Json<Sum> {
    Json(Sum { sum: a + b + f64::from(sabotage::one_for("structured")) })
}

async fn array() -> Json<Vec<u32>> {
    Json(vec![1, 2, 3])
}

async fn string() -> Json<&'static str> {
    Json("bowline")
}

async fn number() -> Json<u32> {
    Json(42 + sabotage::one_for("structured_values"))
}

async fn boolean() -> Json<bool> {
    Json(true)
}

async fn null() -> Json<()> {
    Json(())
}
