//! Error objects and their codes.

use bowline_types::capability::{ClientCapabilities, SamplingCapability};
use bowline_types::decode;
use bowline_types::jsonrpc::{
    ErrorCode, ErrorObject, MissingRequiredClientCapability, UnsupportedProtocolVersion,
};
use expect_test::expect;

#[test]
fn each_code_has_a_constructor() {
    let capabilities = ClientCapabilities::new().sampling(SamplingCapability::new());
    let errors = [
        ErrorObject::parse_error("not json"),
        ErrorObject::invalid_request("batch"),
        ErrorObject::method_not_found("a/b"),
        ErrorObject::invalid_params("name: missing field"),
        ErrorObject::internal_error("oops"),
        ErrorObject::resource_not_found("file:///a"),
        ErrorObject::header_mismatch("Mcp-Name is not the name in the body"),
        ErrorObject::missing_required_client_capability(capabilities),
        ErrorObject::unsupported_protocol_version(["2026-07-28"], "1999-12-31"),
    ];
    let lines: Vec<String> =
        errors.iter().map(|error| serde_json::to_string(error).unwrap()).collect();
    expect![[r#"
        {"code":-32700,"message":"not json"}
        {"code":-32600,"message":"batch"}
        {"code":-32601,"message":"method not found: a/b"}
        {"code":-32602,"message":"name: missing field"}
        {"code":-32603,"message":"oops"}
        {"code":-32602,"message":"resource not found","data":{"uri":"file:///a"}}
        {"code":-32020,"message":"Mcp-Name is not the name in the body"}
        {"code":-32021,"message":"client did not declare a capability that this request needs","data":{"requiredCapabilities":{"sampling":{}}}}
        {"code":-32022,"message":"unsupported protocol version","data":{"requested":"1999-12-31","supported":["2026-07-28"]}}"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(errors[2].to_string(), "method not found: a/b (-32601)");
    for error in errors {
        assert!(error.code.is_reserved());
        assert_eq!(decode::<ErrorObject>(&serde_json::to_vec(&error).unwrap()), Ok(error));
    }
}

#[test]
fn applications_stay_out_of_the_reserved_range() {
    for code in [-32768, -32700, -32600, -32099, -32042, -32002, -32000] {
        let refusal = ErrorObject::application(code, "no").unwrap_err();
        assert_eq!(refusal.code(), ErrorCode(code));
        let message = format!("error code {code} is reserved, use one outside of -32768 to -32000");
        assert_eq!(refusal.to_string(), message);
    }
    for code in [-32769, -31999, -1, 0, 1, 429, i64::MIN, i64::MAX] {
        let error = ErrorObject::application(code, "busy").unwrap();
        assert_eq!(decode::<ErrorObject>(&serde_json::to_vec(&error).unwrap()), Ok(error));
    }
}

#[test]
fn data_is_decoded_by_what_the_code_says() {
    let error = ErrorObject::unsupported_protocol_version(["a", "b"], "c");
    let data: UnsupportedProtocolVersion = error.decode_data().unwrap();
    assert_eq!(
        (data.supported, data.requested),
        (vec!["a".to_owned(), "b".to_owned()], "c".to_owned())
    );

    let error = ErrorObject::new(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY, "m");
    let missing = error.decode_data::<MissingRequiredClientCapability>().unwrap_err();
    assert_eq!(missing.to_string(), "data: missing field");
    let empty = error
        .data(serde_json::json!({}))
        .decode_data::<MissingRequiredClientCapability>()
        .unwrap_err();
    assert_eq!(empty.to_string(), "data.requiredCapabilities: missing field");
}

#[test]
fn codes_are_integers_and_errors_are_errors() {
    let refused = |text: &str| decode::<ErrorObject>(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refused(r#"{"code":1.5,"message":""}"#),
        "code: invalid type: number, expected an integer of 64 bits"
    );
    assert_eq!(
        refused(r#"{"code":"1","message":""}"#),
        "code: invalid type: string, expected an integer of 64 bits"
    );
    let boxed: Box<dyn std::error::Error + Send + Sync> =
        Box::new(ErrorObject::internal_error("oops"));
    assert_eq!(boxed.to_string(), "oops (-32603)");
}
