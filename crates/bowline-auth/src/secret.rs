//! What nothing shows.

use std::fmt;
use std::hint::black_box;
use zeroize::Zeroizing;

/// A text that must not be seen: a token, a password, a key.
///
/// It is shown by nothing, compared in a time that tells nothing, and overwritten when it is dropped. Whoever needs the
/// text asks for it by name, so that a search for `expose` finds every place where a secret leaves.
///
/// ```
/// let secret = bowline_auth::Secret::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides a text. What is copied out of a larger one leaves the original as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one place that sends, signs or seals it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// In a time that depends on the lengths only.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.0.as_bytes(), other.0.as_bytes());
        let differing = left.iter().zip(right).fold(0, |sum, (left, right)| sum | (left ^ right));
        left.len() == right.len() && black_box(differing) == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_equals_the_same_text_only() {
        let secret = Secret::new("abc");
        assert_eq!(secret, Secret::new("abc"));
        for other in ["", "ab", "abcd", "abd", "xbc"] {
            assert_ne!(secret, Secret::new(other), "{other:?}");
            assert_ne!(Secret::new(other), secret, "{other:?}");
        }
    }

    #[test]
    fn nothing_of_a_secret_is_shown_not_even_its_length() {
        assert_eq!(format!("{:?}", Secret::new("abc")), format!("{:?}", Secret::default()));
        assert_eq!(format!("{:#?}", Some(Secret::new("abc"))), "Some(\n    Secret(…),\n)");
    }
}
