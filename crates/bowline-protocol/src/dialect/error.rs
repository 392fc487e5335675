//! Errors that older protocol versions do not have, or have under another code.

use crate::dialect::{Feature, supports};
use crate::era::modern;
use crate::outcome::Outcome;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bowline_types::method::{Method, ReadResource};
use bowline_types::revision::Revision;

/// An error in the shape of a protocol version.
pub(super) fn down(revision: Revision, method: &str, mut error: ErrorObject) -> ErrorObject {
    for (until, code) in [
        (Revision::V2025_11_25, resource_not_found as Step),
        (Revision::V2025_11_25, fault_of_the_request),
        (Revision::V2025_06_18, url_elicitation),
    ] {
        if revision <= until {
            error.code = code(method, &error);
        }
    }
    error
}

/// An error of a protocol version in the shape of the newest one.
///
/// What older ones leave to the server keeps its code, unless its `data` tells what was meant.
pub(super) fn up(revision: Revision, method: &str, mut error: ErrorObject) -> ErrorObject {
    if revision > Revision::V2025_11_25 {
        return error;
    }
    if method == ReadResource::NAME && error.code == ErrorCode::RESOURCE_NOT_FOUND {
        error.code = ErrorCode::INVALID_PARAMS;
    } else if error.code == ErrorCode::INVALID_PARAMS && requires_capabilities(&error) {
        error.code = ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY;
    }
    error
}

fn requires_capabilities(error: &ErrorObject) -> bool {
    error.data.as_ref().is_some_and(|data| data["requiredCapabilities"].is_object())
}

/// One difference: the code that older protocol versions give to an error.
type Step = fn(&str, &ErrorObject) -> ErrorCode;

/// A resource that is not there had a code of its own until 2025-11-25.
///
/// The code it has now is that of any wrong parameter, so that what tells it apart is that it came from
/// `resources/read` and names the resource as `data.uri`.
fn resource_not_found(method: &str, error: &ErrorObject) -> ErrorCode {
    let names_a_resource = || error.data.as_ref().is_some_and(|data| data["uri"].is_string());
    if method == ReadResource::NAME && error.code == ErrorCode::INVALID_PARAMS && names_a_resource()
    {
        return ErrorCode::RESOURCE_NOT_FOUND;
    }
    error.code
}

/// What the newest protocol version gave codes to, older ones leave unsaid but for one example: an `initialize` that
/// cannot be agreed on is answered with the code of wrong parameters. `data` stays and says the rest.
fn fault_of_the_request(_: &str, error: &ErrorObject) -> ErrorCode {
    match error.code {
        ErrorCode::HEADER_MISMATCH
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => ErrorCode::INVALID_PARAMS,
        code => code,
    }
}

/// Visits to a URL began with 2025-11-25: before, it is one more thing that a client cannot do.
fn url_elicitation(_: &str, error: &ErrorObject) -> ErrorCode {
    match error.code {
        ErrorCode::URL_ELICITATION_REQUIRED => ErrorCode::INVALID_PARAMS,
        code => code,
    }
}

pub(super) fn argument_violation(revision: Revision, message: &str) -> Outcome {
    if !supports(revision, Feature::ArgumentViolationsAsResults) {
        return Outcome::Error(ErrorObject::invalid_params(message));
    }
    modern::argument_violation(message)
}
