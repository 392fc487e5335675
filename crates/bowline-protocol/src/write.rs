//! Writing messages that go out on their own: notifications and requests.

use crate::scan::{EncodeError, Raw, encode_text};
use serde_core::Serialize;

/// A notification.
///
/// # Errors
/// [`EncodeError`] when the params refuse to be encoded.
pub fn notification<P: Serialize + ?Sized>(method: &str, params: &P) -> Result<Raw, EncodeError> {
    let params = Raw::encode(params)?;
    Ok(notification_raw(method, Some(params.as_bytes())))
}

/// A notification with params that are JSON already.
#[must_use]
pub fn notification_raw(method: &str, params: Option<&[u8]>) -> Raw {
    let params = params.unwrap_or_default();
    let mut out = Vec::with_capacity(method.len() + params.len() + 48);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":");
    encode_text(&mut out, method);
    if !params.is_empty() {
        out.extend_from_slice(b",\"params\":");
        out.extend_from_slice(params);
    }
    out.push(b'}');
    Raw::written(out)
}

/// A progress notification for the token that a request carried.
#[must_use]
pub fn progress(token: &[u8], progress: f64, total: Option<f64>, message: Option<&str>) -> Raw {
    let mut out = Vec::with_capacity(160);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":");
    out.extend_from_slice(token);
    out.extend_from_slice(b",\"progress\":");
    number(&mut out, progress);
    if let Some(total) = total.filter(|total| total.is_finite()) {
        out.extend_from_slice(b",\"total\":");
        number(&mut out, total);
    }
    if let Some(message) = message {
        out.extend_from_slice(b",\"message\":");
        encode_text(&mut out, message);
    }
    out.extend_from_slice(b"}}");
    Raw::written(out)
}

/// A finite number, whole ones without a fraction.
fn number(out: &mut Vec<u8>, number: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // Writing a number to a vector cannot fail.
    let _ = if number.fract() == 0.0 && number.abs() <= EXACT {
        serde_json::to_writer(out, &(number as i64))
    } else {
        serde_json::to_writer(out, &number)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_one_line_of_json() {
        let rows = [
            (
                progress(b"\"t\"", 1.0, Some(10.0), None),
                r#"{"progressToken":"t","progress":1,"total":10}"#,
            ),
            (
                progress(b"7", 0.5, Some(f64::NAN), Some("a\n")),
                r#"{"progressToken":7,"progress":0.5,"message":"a\n"}"#,
            ),
            (progress(b"7", 1e300, None, None), r#"{"progressToken":7,"progress":1e+300}"#),
        ];
        for (written, params) in rows {
            let expected = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{params}}}"#
            );
            assert_eq!(written.as_str(), expected);
        }
        assert_eq!(notification_raw("n", None).as_str(), r#"{"jsonrpc":"2.0","method":"n"}"#);
    }
}
