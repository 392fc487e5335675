//! A client of the SDK as its documentation shows it, which prints what it gets.

use std::error::Error;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use tokio::net::unix::pipe::{Receiver, Sender};

pub(crate) async fn run(
    action: &str,
    program: &str,
    arguments: &[&str],
) -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the process has no streams".into());
    };
    let input = Receiver::from_owned_fd(OwnedFd::from(stdout))?;
    let output = Sender::from_owned_fd(OwnedFd::from(stdin))?;
    let client = ().serve((input, output)).await?;
    let said = if action == "list" {
        serde_json::json!({ "tools": client.list_all_tools().await? })
    } else {
        serde_json::to_value(client.call_tool(CallToolRequestParams::new("good")).await?)?
    };
    println!("{said}");
    client.cancel().await?;
    child.wait()?;
    Ok(())
}
