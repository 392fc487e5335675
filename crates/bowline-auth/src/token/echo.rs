//! Secrets that come back in the text of a refusal, such as `the code abc is expired`.

use super::{Code, TokenFault, form};
use crate::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// As many characters as tell somebody something of a secret.
const TELLING: usize = 8;

/// The fault without what repeats a part of a secret, as it is or encoded.
pub(super) fn without<'a>(
    fault: TokenFault,
    secrets: impl Iterator<Item = &'a Secret>,
) -> TokenFault {
    let forms: Vec<_> = secrets.flat_map(forms).collect();
    let tells = |text: &str| forms.iter().any(|secret| repeats(text, secret));
    match fault {
        TokenFault::Refused { code, description } => TokenFault::Refused {
            code: match code {
                Code::Other(name) if tells(&name) => Code::Other("…".to_owned()),
                code => code,
            },
            description: description.filter(|text| !tells(text)),
        },
        TokenFault::TokenType(name) if tells(&name) => TokenFault::TokenType("…".to_owned()),
        fault => fault,
    }
}

fn forms(secret: &Secret) -> [Zeroizing<String>; 4] {
    let plain = secret.expose();
    let mut escaped = Zeroizing::new(String::with_capacity(3 * plain.len()));
    form::push(&mut escaped, plain);
    [
        plain.to_owned().into(),
        escaped,
        STANDARD.encode(plain).into(),
        URL_SAFE_NO_PAD.encode(plain).into(),
    ]
}

/// Whether the text has some characters of the secret in a row, or all of a short one.
fn repeats(text: &str, secret: &str) -> bool {
    let telling = secret.len().min(TELLING);
    telling > 0
        && secret
            .as_bytes()
            .windows(telling)
            .any(|part| text.as_bytes().windows(telling).any(|other| other == part))
}
