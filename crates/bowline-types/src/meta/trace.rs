//! The formats of [W3C Trace Context](https://www.w3.org/TR/trace-context/) and
//! [W3C Baggage](https://www.w3.org/TR/baggage/).

/// `version-trace-parent-flags` in lower-case hex; a later version may go on after another hyphen.
pub(super) fn is_traceparent(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut hex = |length: usize| {
        let part = parts.next().unwrap_or_default();
        let digits = part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (digits && part.len() == length).then_some(part)
    };
    let (Some(version), Some(trace), Some(parent), Some(_flags)) =
        (hex(2), hex(32), hex(16), hex(2))
    else {
        return false;
    };
    let all_zero = |part: &str| part.bytes().all(|b| b == b'0');
    version != "ff"
        && !all_zero(trace)
        && !all_zero(parent)
        && (version != "00" || parts.next().is_none())
}

/// At most 32 members `key=value` apart by commas, no key twice.
pub(super) fn is_tracestate(text: &str) -> bool {
    let members: Vec<&str> =
        text.split(',').map(trim).filter(|member| !member.is_empty()).collect();
    let keys: Vec<&str> =
        members.iter().filter_map(|member| Some(member.split_once('=')?.0)).collect();
    let unique = keys.iter().enumerate().all(|(index, key)| !keys[..index].contains(key));
    members.len() <= 32 && unique && members.iter().all(|member| is_state_member(member))
}

fn is_state_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else { return false };
    let rest = |part: &str| {
        part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*/".contains(&b))
    };
    let simple = |part: &str, length: usize, digit_first: bool| {
        let first = part.bytes().next();
        first.is_some_and(|b| b.is_ascii_lowercase() || (digit_first && b.is_ascii_digit()))
            && part.len() <= length
            && rest(part)
    };
    let key_is_valid = match key.split_once('@') {
        Some((tenant, system)) => simple(tenant, 241, true) && simple(system, 14, false),
        None => simple(key, 256, false),
    };
    let printable = |b: u8| (0x20..=0x7e).contains(&b) && b != b',' && b != b'=';
    key_is_valid
        && !value.is_empty()
        && value.len() <= 256
        && !value.ends_with(' ')
        && value.bytes().all(printable)
}

/// Members `key=value;property…` apart by commas: at most 64 of them and 8192 bytes.
pub(super) fn is_baggage(text: &str) -> bool {
    let mut members = text.split(',');
    text.len() <= 8192 && members.clone().count() <= 64 && members.all(is_baggage_member)
}

fn is_baggage_member(member: &str) -> bool {
    let mut parts = member.split(';').map(trim);
    let is_pair = |pair: &str| {
        pair.split_once('=').is_some_and(|(key, value)| {
            is_token(trim(key)) && trim(value).bytes().all(is_baggage_octet)
        })
    };
    parts.next().is_some_and(is_pair)
        && parts.all(|property| is_token(property) || is_pair(property))
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_baggage_octet(b: u8) -> bool {
    b.is_ascii_graphic() && !b"\",;\\".contains(&b)
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
