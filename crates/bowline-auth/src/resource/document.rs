//! What a resource says of itself (RFC 9728).

use serde::Serialize;

/// Where a resource without a path says it; of one with a path, the path follows.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What a resource says of itself, for clients that want to be let in.
///
/// ```
/// use bowline_auth::resource::Document;
///
/// let document = Document {
///     resource: "https://mcp.example.com/mcp",
///     authorization_servers: &["https://auth.example.com"],
///     ..Document::default()
/// };
/// assert_eq!(
///     document.to_json(),
///     r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://auth.example.com"],"bearer_methods_supported":["header"]}"#
/// );
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct Document<'a> {
    /// The URL under which clients know it.
    pub resource: &'a str,
    /// The issuers of the tokens that it takes; one at least.
    pub authorization_servers: &'a [&'a str],
    /// The scopes that everybody needs.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub scopes_supported: &'a [&'a str],
    /// Its name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<&'a str>,
    /// Where people read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<&'a str>,
    /// The algorithms of proofs that it takes.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub dpop_signing_alg_values_supported: &'a [&'a str],
    /// Whether tokens must be bound to a key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
}

impl Document<'_> {
    /// The JSON of it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let whole = Whole { document: self, bearer_methods_supported: ["header"] };
        // Texts and lists of them can always be encoded.
        serde_json::to_string(&whole).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    document: &'a Document<'a>,
    /// Tokens are sent in the header `Authorization`, and in no other way: as everywhere in this protocol.
    bearer_methods_supported: [&'static str; 1],
}

#[cfg(test)]
mod tests {
    use super::Document;
    use expect_test::expect;

    /// RS-01: there is at least one authorization server.
    #[test]
    fn rs_01_a_resource_says_everything_that_a_client_needs() {
        let document = Document {
            resource: "https://mcp.example.com/mcp",
            authorization_servers: &["https://a.test", "https://b.test/x"],
            scopes_supported: &["mcp"],
            resource_name: Some("A \"name\""),
            resource_documentation: Some("https://mcp.example.com/about"),
            dpop_signing_alg_values_supported: &["ES256"],
            dpop_bound_access_tokens_required: true,
        };
        let pretty: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
        expect![[r#"
            {
              "authorization_servers": [
                "https://a.test",
                "https://b.test/x"
              ],
              "bearer_methods_supported": [
                "header"
              ],
              "dpop_bound_access_tokens_required": true,
              "dpop_signing_alg_values_supported": [
                "ES256"
              ],
              "resource": "https://mcp.example.com/mcp",
              "resource_documentation": "https://mcp.example.com/about",
              "resource_name": "A \"name\"",
              "scopes_supported": [
                "mcp"
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&pretty).unwrap());
    }
}
