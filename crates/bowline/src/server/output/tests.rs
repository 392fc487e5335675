use super::{IntoToolResult, Json, ToolError, encode};
use bowline_protocol::outcome::Body;
use bowline_types::content::ContentBlock;
use serde_json::Value;

/// Both ways of making a result make the same.
#[track_caller]
fn same<T: IntoToolResult + Clone>(output: T) {
    let members = |body: Body| -> Value {
        assert!(body.meta().is_none());
        body.members().decode().unwrap()
    };
    let long = output.clone().into_tool_result().and_then(encode).unwrap();
    assert_eq!(members(long), members(output.into_body().unwrap()));
}

#[test]
fn the_short_way_makes_what_the_long_way_makes() {
    same("text".to_owned());
    same(String::new());
    same("quotes \" and \\ and \n and \u{2028} and 🪢");
    same(std::borrow::Cow::Borrowed("cow"));
    same(1.5_f64);
    same(-3_i128);
    same(true);
    same('c');
    same(());
    same(ContentBlock::text("block"));
    same(vec![ContentBlock::text("a"), ContentBlock::text("b")]);
    same(Json(vec![1, 2, 3]));
    same(Json("text"));
    same(Json(std::collections::BTreeMap::from([("k", Some(1.0)), ("l", None)])));
}

#[test]
fn errors_go_both_ways_the_same() {
    let fails = || Err::<String, _>(ToolError::new("no"));
    let long = fails().into_tool_result().unwrap_err().into_result().unwrap();
    let short = fails().into_body().unwrap_err().into_result().unwrap();
    assert_eq!(long, short);
    assert_eq!(long.is_error, Some(true));
}
