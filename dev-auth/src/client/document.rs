//! Clients whose name is the URL of a document that says who they are.
//!
//! See [Client ID Metadata Documents](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration).

use super::{Client, Method};
use crate::fetch::{self, Target};
use crate::refusal::{Kind, Refusal};
use crate::settings::Addresses;
use serde_json::Value;

/// Whether a `client_id` is meant to be the URL of a document.
pub(crate) fn is_url(client_id: &str) -> bool {
    client_id.starts_with("https://") || client_id.starts_with("http://")
}

/// Fetches the document and reads the client in it.
pub(crate) async fn fetched(client_id: &str, addresses: Addresses) -> Result<Client, Refusal> {
    let target = target(client_id, addresses).map_err(refused)?;
    let document = fetch::json(&target, addresses).await;
    read(client_id, &document.map_err(|error| refused(error.to_string()))?)
}

/// > Clients using this option MUST host their metadata document at an HTTPS URL … with a path component.
///
/// The draft refuses fragments, user names and dot segments too.
fn target(client_id: &str, addresses: Addresses) -> Result<Target, String> {
    let target = Target::parse(client_id, addresses)?;
    let wrong = |what: &str| Err(format!("client_id {client_id} {what}"));
    let path = target.path();
    if path == "/" {
        return wrong("has no path");
    }
    let is_dot = |segment: &str| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    if path.split('/').any(is_dot) {
        return wrong("has a dot segment");
    }
    Ok(target)
}

/// > The `client_id` … MUST match the document URL exactly.
fn read(client_id: &str, document: &Value) -> Result<Client, Refusal> {
    let mut client: Client = serde_json::from_value(document.clone()).map_err(|error| {
        refused(format!("the document at {client_id} is none of a client: {error}"))
    })?;
    let wrong = |what: &str| Err(refused(format!("the document at {client_id} {what}")));
    if client.client_id != client_id {
        return wrong(&format!("names another client_id, {:?}", client.client_id));
    }
    if client.client_name.is_none() {
        return wrong("has no client_name");
    }
    if client.client_secret.is_some() || document.get("client_secret_expires_at").is_some() {
        return wrong("has a secret, which everybody can read");
    }
    match client.token_endpoint_auth_method {
        // Nothing was shared with us, so that what is meant by default cannot be meant here.
        None => client.token_endpoint_auth_method = Some(Method::Nothing),
        Some(method) if method.shares() => {
            return wrong(&format!("wants {}, but shares no secret with anybody", method.name()));
        }
        Some(_) => {}
    }
    client.check()?;
    Ok(client)
}

fn refused(what: String) -> Refusal {
    Kind::InvalidClient.because(what)
}

#[cfg(test)]
mod tests {
    use super::{read, target};
    use crate::settings::Addresses::{DangerouslyLoopback, Public};
    use serde_json::{Value, json};

    #[test]
    fn which_urls_can_name_a_client() {
        let rows = [
            ("https://app.example/client.json", Ok(()), Ok(())),
            ("https://app.example/a/b?c=d", Ok(()), Ok(())),
            ("https://app.example", Err("has no path"), Err("has no path")),
            ("https://app.example/", Err("has no path"), Err("has no path")),
            ("https://app.example/a#b", Err("has a fragment"), Err("has a fragment")),
            ("https://me@app.example/a", Err("names a user"), Err("names a user")),
            ("https://app.example/a/../b", Err("has a dot segment"), Err("has a dot segment")),
            ("https://app.example/a/%2E./b", Err("has a dot segment"), Err("has a dot segment")),
            ("https://app.example/./b", Err("has a dot segment"), Err("has a dot segment")),
            ("https://app.example/..b", Ok(()), Ok(())),
            ("http://app.example/a", Err("is not of https"), Err("is not of https")),
            ("http://127.0.0.1:9/a", Err("is not of https"), Ok(())),
            ("http://localhost:9/a", Err("is not of https"), Ok(())),
        ];
        for (url, public, loopback) in rows {
            for (addresses, expected) in [(Public, public), (DangerouslyLoopback, loopback)] {
                match (target(url, addresses), expected) {
                    (Ok(_), Ok(())) => {}
                    (Err(said), Err(expected)) => assert!(said.contains(expected), "{url}: {said}"),
                    (got, _) => panic!("{url} {addresses:?}: {got:?}"),
                }
            }
        }
    }

    #[test]
    fn what_a_document_must_say() {
        let url = "https://app.example/c";
        let good = json!({
            "client_id": url,
            "client_name": "Knot",
            "redirect_uris": ["http://127.0.0.1/cb"],
        });
        let client = read(url, &good).unwrap();
        assert!(client.is_public());
        let rows: [(&str, Value, &str); 8] = [
            ("client_id", json!("https://app.example/d"), "names another client_id"),
            ("client_id", Value::Null, "none of a client"),
            ("client_name", Value::Null, "has no client_name"),
            ("client_secret", json!("x"), "has a secret"),
            ("client_secret_expires_at", json!(0), "has a secret"),
            ("token_endpoint_auth_method", json!("client_secret_post"), "shares no secret"),
            ("redirect_uris", json!([]), "redirect_uris is missing"),
            ("redirect_uris", json!(["http://app.example/cb"]), "not of this machine"),
        ];
        for (name, value, expected) in rows {
            let mut document = good.clone();
            document[name] = value;
            let refused = read(url, &document).unwrap_err().description;
            assert!(refused.contains(expected), "{name}: {refused}");
        }
    }
}
