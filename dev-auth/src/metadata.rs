//! What the server says of itself: RFC 8414, and OpenID Connect Discovery.

use crate::answer;
use crate::client::{GRANTS, Method};
use crate::hostile::{Hostile, Iss, Metadata};
use crate::server::{BUILT_IN, Server};
use axum::extract::State;
use axum::response::Response;
use bowline_auth::dpop;
use bowline_auth::jose::Algorithm;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

/// The document, or what a test wants instead.
pub(crate) async fn get(State(server): State<Arc<Server>>) -> Response {
    server.count("metadata");
    let hostile = server.hostile();
    let mut document = document(&server, &hostile);
    match hostile.metadata {
        Metadata::Right => {}
        Metadata::Issuer(issuer) => document["issuer"] = issuer.into(),
        Metadata::WithoutPkce => {
            if let Some(members) = document.as_object_mut() {
                members.remove("code_challenge_methods_supported");
            }
        }
        Metadata::Replaced(members) => {
            for (name, value) in members {
                document[name] = value.into();
            }
        }
        Metadata::Elsewhere(url) => return answer::moved(&url),
        Metadata::Slow(time) => tokio::time::sleep(time).await,
        Metadata::Huge(spaces) => {
            let text = format!("{document}{}", " ".repeat(spaces));
            return answer::with(StatusCode::OK, "application/json", text);
        }
        Metadata::Garbage => {
            return answer::with(StatusCode::OK, "application/json", "{\"issuer\":".to_owned());
        }
        Metadata::Missing => return answer::empty(StatusCode::NOT_FOUND),
    }
    answer::json(StatusCode::OK, &document)
}

/// The key set.
pub(crate) async fn keys(State(server): State<Arc<Server>>) -> Response {
    server.count("keys");
    answer::json(StatusCode::OK, &server.books().keys.published())
}

fn document(server: &Server, hostile: &Hostile) -> Value {
    let methods = Method::ALL.map(Method::name);
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    let scopes = server.settings.scopes.iter().map(String::as_str);
    let scopes: Vec<&str> = scopes.chain(BUILT_IN).collect();
    let mut document = json!({
        "issuer": server.issuer,
        "authorization_endpoint": server.url("/authorize"),
        "token_endpoint": server.url("/token"),
        "jwks_uri": server.url("/keys"),
        "introspection_endpoint": server.url("/introspect"),
        "revocation_endpoint": server.url("/revoke"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANTS,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": &methods[1..],
        "revocation_endpoint_auth_methods_supported": methods,
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS.map(Algorithm::name),
        "client_id_metadata_document_supported": server.settings.client_documents,
        "authorization_grant_profiles_supported": ["urn:ietf:params:oauth:grant-profile:id-jag"],
        "authorization_response_iss_parameter_supported": !matches!(hostile.iss, Iss::NotAdvertised),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    if server.settings.registration {
        document["registration_endpoint"] = server.url("/register").into();
    }
    document
}
