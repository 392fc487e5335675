//! base64url without padding, and nothing but its canonical form (RFC 7515 §2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// None for padding, white space, the other alphabet, and bits that no encoder leaves.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn there_is_one_text_for_each_value() {
        assert_eq!(encode([0xfb, 0xff]), "-_8");
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(decode(""), Some(Vec::new()));
        for odd in ["-_8=", "+/8", "-_9", "A", "-_8\n", " -_8", "-_8A A", "-_8."] {
            assert_eq!(decode(odd), None, "{odd:?}");
        }
    }
}
