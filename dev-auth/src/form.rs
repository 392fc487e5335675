//! Parameters, as queries and forms have them.

use crate::refusal::{Kind, Refusal};

/// Names and values in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// > Request and response parameters MUST NOT be included more than once.
    ///
    /// [RFC 6749, section 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1); `resource` alone may be (RFC 8707).
    /// One without a value counts as left out.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            let again = parameters.iter().any(|(earlier, _)| *earlier == name);
            if again && name != "resource" {
                return Err(Kind::InvalidRequest.because(format!("{name} is given twice")));
            }
            if parameters.len() == MOST {
                return Err(
                    Kind::InvalidRequest.because(format!("more than {MOST} parameters are given"))
                );
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// A parameter that may be left out.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Kind::InvalidRequest.because(format!("{name} is missing")))
    }

    /// Each value of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(is, _)| is == name).map(|(_, value)| value.as_str())
    }
}

const MOST: usize = 64;

/// `url` with more parameters in its query.
pub(crate) fn with_query(url: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::{Form, with_query};

    #[test]
    fn parameters_are_decoded_and_empty_ones_left_out() {
        let form = Form::parse(b"a=1+2%2F3&b=&resource=x&resource=y").unwrap();
        assert_eq!(form.get("a"), Some("1 2/3"));
        assert_eq!(form.get("b"), None);
        assert_eq!(form.need("b").unwrap_err().description, "b is missing");
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn only_resource_may_be_given_twice() {
        assert_eq!(Form::parse(b"a=1&a=1").unwrap_err().description, "a is given twice");
        let many: String = (0..65).map(|n| format!("p{n}=1&")).collect();
        assert!(Form::parse(many.as_bytes()).unwrap_err().description.contains("more than 64"));
    }

    #[test]
    fn a_query_is_appended_to_what_is_there() {
        let with = |url| with_query(url, &[("code", "a b"), ("iss", "http://x")]);
        assert_eq!(with("http://c/x"), "http://c/x?code=a+b&iss=http%3A%2F%2Fx");
        assert_eq!(with("http://c/x?y=1"), "http://c/x?y=1&code=a+b&iss=http%3A%2F%2Fx");
        assert_eq!(with("http://c/x?"), "http://c/x?code=a+b&iss=http%3A%2F%2Fx");
    }
}
