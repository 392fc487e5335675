//! Where the two paths of this transport are: beside the endpoint.

use crate::transport::http::guard::{accepts, check_accept, check_content};
use crate::transport::http::refuse::{Refused, only_post};
use http::Method;
use http::request::Parts;

/// The paths beside an endpoint; there are none where sessions are not opened.
#[derive(Clone, Debug, Default)]
pub(in crate::transport::http) struct Siblings(Option<Folder>);

/// What stands before the last part of a path, with the last slash.
#[derive(Clone, Debug)]
enum Folder {
    /// This one.
    Named(Box<str>),
    /// Any: a router in front has chosen.
    Any,
}

/// A path beside an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport::http) enum Sibling {
    /// Where the stream of events is.
    Events,
    /// Where messages are sent.
    Messages,
}

const EVENTS: &str = "sse";
const MESSAGES: &str = "messages";

impl Siblings {
    /// Those of an endpoint at this path, or at any.
    pub(in crate::transport::http) fn new(endpoint: Option<&str>) -> Self {
        let folder = match endpoint {
            None => Folder::Any,
            Some(path) => match split(path) {
                // What the endpoint was given is not taken away from it.
                Some((_, EVENTS | MESSAGES)) | None => return Self(None),
                Some((folder, _)) => Folder::Named(folder.into()),
            },
        };
        Self(Some(folder))
    }

    /// What a path leads to.
    pub(in crate::transport::http) fn find(&self, path: &str) -> Option<Sibling> {
        let (folder, name) = split(path)?;
        match self.0.as_ref()? {
            Folder::Named(named) if **named != *folder => return None,
            Folder::Named(_) | Folder::Any => {}
        }
        match name {
            EVENTS => Some(Sibling::Events),
            MESSAGES => Some(Sibling::Messages),
            _ => None,
        }
    }

    /// Where clients send messages. `public` is the path of the endpoint as they see it, where that is known.
    ///
    /// It is a path from the root, because there are clients that put it behind the name of the host as it is.
    pub(in crate::transport::http) fn messages(&self, public: Option<&str>) -> String {
        let own = match &self.0 {
            Some(Folder::Named(folder)) => Some(&**folder),
            Some(Folder::Any) | None => None,
        };
        let folder = public.and_then(split).map(|(folder, _)| folder).or(own);
        // Nothing but a path may stand in the event. Without one the name alone leads there too: it is relative.
        let folder = folder.filter(|folder| folder.bytes().all(|byte| byte.is_ascii_graphic()));
        format!("{}{MESSAGES}", folder.unwrap_or_default())
    }
}

impl Sibling {
    /// The method that it takes.
    pub(in crate::transport::http) fn method(self) -> &'static str {
        match self {
            Self::Events => "GET",
            Self::Messages => "POST",
        }
    }

    /// Checks the head of a request to it.
    pub(in crate::transport::http) fn check(self, parts: &Parts) -> Result<(), Refused> {
        match (self, &parts.method) {
            (Self::Events, &Method::GET) => {
                check_accept(accepts(parts).event_stream, "text/event-stream")
            }
            (Self::Messages, &Method::POST) => check_content(parts),
            _ => Err(only_post(self.method())),
        }
    }
}

/// The session that the query of a URL names, if it names one.
pub(super) fn session_id(query: Option<&str>) -> Option<&str> {
    let mut ids = query?.split('&').filter_map(|pair| pair.strip_prefix("sessionId="));
    let id = ids.next()?;
    ids.next().is_none().then_some(id)
}

/// A path before and after its last slash.
fn split(path: &str) -> Option<(&str, &str)> {
    path.rfind('/').map(|slash| path.split_at(slash + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn paths_are_beside_the_endpoint() {
        let mut table = String::new();
        for endpoint in
            [Some("/mcp"), Some("/"), Some("/a/b/mcp"), Some("/mcp/"), Some("/sse"), None]
        {
            let siblings = Siblings::new(endpoint);
            let found: Vec<_> = ["/sse", "/messages", "/a/b/sse", "/mcp/messages", "/mcp", "/"]
                .into_iter()
                .filter(|path| siblings.find(path).is_some())
                .collect();
            let told = siblings.messages(None);
            table += &format!("{endpoint:?}: {found:?}, told {told}\n");
        }
        expect![[r#"
            Some("/mcp"): ["/sse", "/messages"], told /messages
            Some("/"): ["/sse", "/messages"], told /messages
            Some("/a/b/mcp"): ["/a/b/sse"], told /a/b/messages
            Some("/mcp/"): ["/mcp/messages"], told /mcp/messages
            Some("/sse"): [], told messages
            None: ["/sse", "/messages", "/a/b/sse", "/mcp/messages"], told messages
        "#]]
        .assert_eq(&table);
        assert_eq!(Siblings::default().find("/sse"), None);
    }

    #[test]
    fn clients_are_told_the_path_that_they_see() {
        for (endpoint, public, told) in [
            (Some("/mcp"), Some("/tools/mcp"), "/tools/messages"),
            (None, Some("/tools/mcp"), "/tools/messages"),
            (Some("/mcp"), Some("/a\nb/mcp"), "messages"),
            (Some("/a b/mcp"), None, "messages"),
        ] {
            assert_eq!(Siblings::new(endpoint).messages(public), told);
        }
    }

    #[test]
    fn a_query_names_one_session() {
        for (query, id) in [
            ("sessionId=abc", Some("abc")),
            ("a=1&sessionId=abc&b=2", Some("abc")),
            ("sessionId=", Some("")),
            ("sessionId=a&sessionId=b", None),
            ("sessionid=a", None),
            ("xsessionId=a", None),
            ("", None),
        ] {
            assert_eq!(session_id(Some(query)), id, "{query}");
        }
        assert_eq!(session_id(None), None);
    }
}
