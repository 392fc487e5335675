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
    use std::io::Write as _;
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // Writing to a vector cannot fail.
    let _ = if number.fract() == 0.0 && number.abs() <= EXACT {
        write!(out, "{}", number as i64)
    } else {
        write!(out, "{number:e}")
    };
}
