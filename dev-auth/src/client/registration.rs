//! Clients that register themselves (RFC 7591).

use super::Client;
use super::redirect::{self, Sort};
use crate::chance;
use crate::refusal::{Kind, Refusal};
use crate::settings::ApplicationType;
use serde_json::{Map, Value};

/// Reads a registration: the client that it makes, and the answer.
pub(crate) fn register(
    body: &[u8],
    unsaid: ApplicationType,
    now: u64,
) -> Result<(Client, Value), Refusal> {
    let wrong = |what: String| Kind::InvalidClientMetadata.because(what);
    let mut said: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| wrong(format!("the registration is not a JSON object: {error}")))?;
    for name in ["client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"] {
        // These are ours to give.
        said.remove(name);
    }
    let mut client: Client = serde_json::from_value(Value::Object(said.clone()))
        .map_err(|error| wrong(format!("the registration is not one: {error}")))?;
    client.check()?;
    check_type(&client, unsaid)?;

    client.client_id = format!("dyn-{}", chance::token());
    said.insert("client_id".to_owned(), client.client_id.clone().into());
    said.insert("client_id_issued_at".to_owned(), now.into());
    if client.method().shares() {
        let secret = chance::token();
        said.insert("client_secret".to_owned(), secret.clone().into());
        said.insert("client_secret_expires_at".to_owned(), 0.into());
        client.client_secret = Some(secret);
    }
    said.insert("token_endpoint_auth_method".to_owned(), client.method().name().into());
    let grants = client.grant_types.clone();
    let grants = grants.unwrap_or_else(|| vec![super::AUTHORIZATION_CODE.to_owned()]);
    said.insert("grant_types".to_owned(), grants.into());
    said.insert("response_types".to_owned(), vec!["code"].into());
    Ok((client, Value::Object(said)))
}

/// The rules of [OpenID Connect Dynamic Client Registration, section
/// 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata) for `application_type`.
fn check_type(client: &Client, unsaid: ApplicationType) -> Result<(), Refusal> {
    let allowed: fn(Sort, &str) -> bool = match (client.application_type.as_deref(), unsaid) {
        (Some("native"), _) => |sort, _| sort != Sort::Web,
        (Some("web"), _) | (None, ApplicationType::Web) => {
            |sort, uri| sort == Sort::Web && !uri.starts_with("https://localhost")
        }
        (None, ApplicationType::FromRedirects) => |_, _| true,
        (Some(other), _) => {
            return Err(Kind::InvalidClientMetadata
                .because(format!("application_type {other} is neither native nor web")));
        }
    };
    let named = client.application_type.as_deref().unwrap_or("web, since none is given");
    for uri in &client.redirect_uris {
        let sort = redirect::sort(uri).map_err(|wrong| Kind::InvalidRedirectUri.because(wrong))?;
        if !allowed(sort, uri) {
            return Err(Kind::InvalidRedirectUri
                .because(format!("redirect URI {uri} does not fit application_type {named}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::register;
    use crate::settings::ApplicationType::{self, FromRedirects, Web};
    use serde_json::{Value, json};

    fn outcome(said: &Value, unsaid: ApplicationType) -> Result<Value, String> {
        let registered = register(said.to_string().as_bytes(), unsaid, 100);
        registered
            .map(|(_, answer)| answer)
            .map_err(|refusal| format!("{}: {}", refusal.kind.name(), refusal.description))
    }

    #[test]
    fn the_type_of_application_decides_which_redirects_there_may_be() {
        let rows = [
            (Some("native"), Web, "http://127.0.0.1:3000/cb", true),
            (Some("native"), Web, "http://localhost:3000/cb", true),
            (Some("native"), Web, "com.example.app:/cb", true),
            (Some("native"), Web, "https://app.example/cb", false),
            (Some("web"), FromRedirects, "https://app.example/cb", true),
            (Some("web"), FromRedirects, "https://localhost/cb", false),
            (Some("web"), FromRedirects, "http://localhost:3000/cb", false),
            (Some("web"), FromRedirects, "com.example.app:/cb", false),
            (None, Web, "http://127.0.0.1:3000/cb", false),
            (None, Web, "https://app.example/cb", true),
            (None, FromRedirects, "http://127.0.0.1:3000/cb", true),
            (None, FromRedirects, "https://app.example/cb", true),
            (Some("desktop"), FromRedirects, "http://127.0.0.1:3000/cb", false),
        ];
        for (named, unsaid, uri, fits) in rows {
            let mut said = json!({ "redirect_uris": [uri] });
            if let Some(named) = named {
                said["application_type"] = named.into();
            }
            let outcome = outcome(&said, unsaid);
            assert_eq!(outcome.is_ok(), fits, "{named:?} {unsaid:?} {uri}: {outcome:?}");
        }
    }

    #[test]
    fn a_registration_gets_what_is_ours_to_give() {
        let said = json!({
            "redirect_uris": ["http://127.0.0.1/cb"],
            "client_id": "mine",
            "client_secret": "mine",
            "client_name": "Knot",
            "software_id": "kept",
        });
        let answer = outcome(&said, FromRedirects).unwrap();
        assert!(answer["client_id"].as_str().unwrap().starts_with("dyn-"));
        assert_eq!(answer["client_secret"].as_str().unwrap().len(), 43);
        assert_eq!(answer["client_secret_expires_at"], 0);
        assert_eq!(answer["client_id_issued_at"], 100);
        assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(answer["grant_types"], json!(["authorization_code"]));
        assert_eq!(
            (&answer["client_name"], &answer["software_id"]),
            (&json!("Knot"), &json!("kept"))
        );
    }

    #[test]
    fn a_public_client_gets_no_secret() {
        let said = json!({ "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none" });
        assert!(outcome(&said, FromRedirects).unwrap().get("client_secret").is_none());
    }

    #[test]
    fn each_way_a_registration_is_refused() {
        let uris = json!(["http://127.0.0.1/cb"]);
        let rows = [
            (json!([]), "invalid_client_metadata: the registration is not a JSON object"),
            (json!({}), "invalid_redirect_uri: redirect_uris is missing"),
            (
                json!({ "redirect_uris": ["http://a.example/cb"] }),
                "invalid_redirect_uri: redirect URI",
            ),
            (
                json!({ "redirect_uris": uris, "grant_types": ["implicit"] }),
                "invalid_client_metadata: grant type implicit",
            ),
            (
                json!({ "redirect_uris": uris, "response_types": ["token"] }),
                "invalid_client_metadata: response type token",
            ),
            (
                json!({ "redirect_uris": uris, "token_endpoint_auth_method": "client_secret_jwt" }),
                "invalid_client_metadata: the registration is not one: unknown variant",
            ),
            (
                json!({ "redirect_uris": uris, "token_endpoint_auth_method": "private_key_jwt" }),
                "invalid_client_metadata: private_key_jwt needs jwks",
            ),
            (
                json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none" }),
                "invalid_client_metadata: client_credentials needs",
            ),
            (
                json!({ "redirect_uris": uris, "jwks": {"keys": []}, "jwks_uri": "https://a.example/k" }),
                "invalid_client_metadata: jwks and jwks_uri",
            ),
        ];
        for (said, expected) in rows {
            let refused = outcome(&said, FromRedirects).unwrap_err();
            assert!(refused.starts_with(expected), "{said}: {refused}");
        }
    }
}
