//! A host with two servers and a model that is a script: `cargo run --example agent --features host`.
//!
//! Where the script is, an agent asks its model: it hands over the functions of [`Host::tools`] and everything that was
//! said so far, and gets back either the next call or the last word.

#![expect(clippy::print_stdout, reason = "it is there to be looked at")]

use bowline::host::{Consent, Function};
use bowline::prelude::*;
use bowline::types::input::{ElicitAction, ElicitResult};
use bowline::{Host, Result};
use serde_json::{Map, Value, json};

/// What a model says next.
enum Turn {
    Call { name: &'static str, arguments: Value },
    Say(String),
}

/// Somebody who decides what to call: here, always the same.
struct Model;

impl Model {
    fn next(&self, functions: &[Function], results: &[String]) -> Turn {
        let known = |name| functions.iter().any(|function| function.name == name);
        match results {
            [] if known("shop__price") => {
                Turn::Call { name: "shop__price", arguments: json!({ "item": "rope" }) }
            }
            [price] => Turn::Call {
                name: "calculator__multiply",
                arguments: json!({ "a": price.parse::<f64>().unwrap_or_default(), "b": 3.0 }),
            },
            [_, total] => {
                let arguments = json!({ "item": "rope", "total": total.parse::<f64>().ok() });
                Turn::Call { name: "shop__order", arguments }
            }
            [.., last] => Turn::Say(format!("Done: {last}")),
            [] => Turn::Say("There is nobody to ask for prices.".to_owned()),
        }
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Multiply {
    a: f64,
    b: f64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Item {
    item: String,
    total: Option<f64>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Address {
    /// where it is sent to
    street: String,
}

fn calculator() -> Server {
    Server::new("calculator", "1.0.0")
        .tool(Tool::new("multiply"), |Multiply { a, b }: Multiply| async move { a * b })
}

fn shop() -> Server {
    Server::new("shop", "1.0.0")
        .tool(
            Tool::new("price").description("What one piece costs."),
            |_: Item| async move { 12.5 },
        )
        .tool(Tool::new("order"), |cx: Context, Item { item, total }: Item| async move {
            let to: Address = cx.elicit("address", "Where to?").await?;
            let total = total.unwrap_or_default();
            Ok::<_, Error>(format!("{item} for {total} goes to {}", to.street))
        })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let host = Host::builder()
        .server("calculator", &calculator())
        .server("shop", &shop())
        // Buying is for the user to allow, whatever the model thinks.
        .on_consent(|call| async move {
            if call.tool() == "order" { Consent::Ask } else { Consent::Allow }
        })
        .on_elicit(|asked, form| async move {
            println!("[{}] {}", asked.server(), form.message);
            let filled_in = Map::from_iter([("street".to_owned(), "12 Quay Street".into())]);
            Ok(ElicitResult::new(ElicitAction::Accept).content(filled_in))
        })
        .start()
        .await?;

    let (model, mut results) = (Model, Vec::new());
    loop {
        match model.next(&host.tools().await?, &results) {
            Turn::Say(text) => break println!("{text}"),
            Turn::Call { name, arguments } => {
                println!("-> {name} {arguments}");
                let result = host.call(name, arguments).await?;
                let text = result.content.first().and_then(|block| block.as_text());
                results.push(text.unwrap_or_default().to_owned());
            }
        }
    }
    host.close().await;
    Ok(())
}
