//! What is kept though unknown, and what is refused.

use bowline_types::content::{Annotations, IconTheme, Role};
use bowline_types::input::{
    ElicitAction, IncludeContext, StopReason, StringFormat, ToolChoiceMode,
};
use bowline_types::log::LoggingLevel;
use bowline_types::method::{CacheHint, CacheScope, ResultType};
use bowline_types::revision::{Era, Revision};
use bowline_types::task::TaskStatus;
use bowline_types::tool::ListToolsResult;
use bowline_types::{DecodeError, decode};
use serde_json::{Value, json};

#[test]
fn open_values_are_kept() {
    macro_rules! kept {
        ($($type:ty: $known:literal),+ $(,)?) => {
            $(
                let unknown: $type = decode(br#""x-new""#).unwrap();
                assert_eq!(unknown, <$type>::Other("x-new".into()));
                assert_eq!(serde_json::to_value(&unknown).unwrap(), "x-new");
                let known: $type = decode(concat!("\"", $known, "\"").as_bytes()).unwrap();
                assert_eq!(known.as_str(), $known);
                assert_ne!(known, <$type>::Other($known.into()));
                assert_eq!(<$type>::from($known), known);
                assert_eq!(<$type>::from($known.to_owned()).to_string(), $known);
            )+
        };
    }
    kept! {
        Role: "assistant", IconTheme: "dark", ElicitAction: "decline", IncludeContext: "thisServer",
        StopReason: "maxTokens", StringFormat: "date-time", ToolChoiceMode: "required", TaskStatus: "input_required",
        ResultType: "complete",
    }
    let annotations: Annotations = decode(br#"{"audience":["user","robot"]}"#).unwrap();
    assert_eq!(annotations.audience, Some(vec![Role::User, "robot".into()]));
}

#[test]
fn closed_values_are_refused() {
    for level in LoggingLevel::ALL {
        assert_eq!(level.as_str().parse::<LoggingLevel>().as_ref(), Ok(level));
    }
    assert!(LoggingLevel::Debug < LoggingLevel::Emergency);
    assert!("Debug".parse::<LoggingLevel>().is_err());
    assert!(decode::<LoggingLevel>(b"7").is_err());
    assert_eq!(
        decode::<CacheScope>(br#""shared""#).unwrap_err().to_string(),
        "unknown cache scope, expected one of private public"
    );
}

#[test]
fn caching_hints_have_safe_defaults() {
    let hint = |members: Value| {
        let mut result = json!({"tools": []});
        result.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        decode::<ListToolsResult>(result.to_string().as_bytes()).map(|result| result.cache)
    };
    let table: [(Value, Result<Option<CacheHint>, &str>); 9] = [
        (json!({}), Ok(None)),
        (json!({"ttlMs": 5, "cacheScope": "public"}), Ok(Some(CacheHint::public(5)))),
        (json!({"ttlMs": 5}), Ok(Some(CacheHint::private(5)))),
        (json!({"cacheScope": "public"}), Ok(Some(CacheHint::public(0)))),
        (json!({"ttlMs": -5, "cacheScope": "private"}), Ok(Some(CacheHint::private(0)))),
        (json!({"ttlMs": 0, "cacheScope": "private"}), Ok(Some(CacheHint::private(0)))),
        (json!({"ttlMs": null, "cacheScope": null}), Ok(None)),
        (json!({"ttlMs": 1.5}), Err("ttlMs: invalid type: number, expected an unsigned integer")),
        (
            json!({"cacheScope": "all"}),
            Err("cacheScope: unknown cache scope, expected one of private public"),
        ),
    ];
    for (members, expected) in table {
        assert_eq!(
            hint(members.clone()).map_err(|error| error.to_string()),
            expected.map_err(str::to_owned),
            "{members}"
        );
    }
}

#[test]
fn the_type_of_a_result_is_open_until_it_is_checked() {
    assert_eq!(ResultType::of(&json!({})), Ok(ResultType::Complete));
    assert_eq!(
        ResultType::of(&json!({"resultType": "input_required"})),
        Ok(ResultType::InputRequired)
    );
    let error = |value| ResultType::of(&value).unwrap_err().to_string();
    assert_eq!(
        error(json!({"resultType": null})),
        "resultType: invalid type: null, expected a string"
    );
    assert_eq!(error(json!([])), "invalid type: array, expected an object");

    let check = |kind: &str, extensions: &[&str]| ResultType::from(kind).check(extensions);
    let unknown = |kind: &str| {
        Err::<(), _>(
            DecodeError::new(format!("unknown result type {kind:?}")).in_member("resultType"),
        )
    };
    assert_eq!(check("complete", &[]), Ok(()));
    assert_eq!(check("input_required", &[]), Ok(()));
    assert_eq!(check("task", &[]), unknown("task"));
    assert_eq!(check("task", &["task"]), Ok(()));
    assert_eq!(check("stream", &["task"]), unknown("stream"));
}

#[test]
fn revisions_are_in_the_order_of_time() {
    assert!(Revision::ALL.is_sorted());
    assert_eq!(Revision::ALL.last(), Some(&Revision::LATEST));
    for revision in Revision::ALL {
        assert_eq!(revision.to_string().parse(), Ok(revision));
        let is_modern = revision >= Revision::V2026_07_28;
        assert_eq!(revision.era(), if is_modern { Era::Modern } else { Era::Legacy });
    }
    assert!("2026-07-29".parse::<Revision>().is_err());
    assert!("DRAFT-2026-v1".parse::<Revision>().is_err());
}
