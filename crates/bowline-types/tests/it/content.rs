//! Content and forms: built, written, and kept when unknown.

use bowline_types::content::{Annotations, ContentBlock, ResourceLink, Role};
use bowline_types::decode;
use bowline_types::input::{
    BooleanSchema, ElicitRequest, ElicitRequestFormParams, ElicitRequestParams, ElicitResult,
    ElicitSchema, EnumOption, InputRequest, InputRequests, InputRequiredResult, InputResponse,
    LegacyTitledEnumSchema, ListRootsRequest, NumberSchema, PrimitiveSchemaDefinition,
    SamplingContent, SamplingMessage, StringFormat, StringSchema, TitledMultiSelectEnumSchema,
    TitledSingleSelectEnumSchema, UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};
use bowline_types::prompt::{Prompt, PromptArgument, PromptMessage};
use bowline_types::resource::{Resource, ResourceContents, ResourceTemplate};
use expect_test::expect;
use serde_json::json;

#[test]
fn each_block_has_a_constructor() {
    let blocks = [
        ContentBlock::text("a"),
        ContentBlock::image("aGk=", "image/png"),
        ContentBlock::audio("aGk=", "audio/wav"),
        ContentBlock::resource_link(Resource::new("file:///a", "a").size(5)),
        ContentBlock::resource(ResourceContents::text("file:///a", "hi")),
        ContentBlock::resource(ResourceContents::blob("file:///a", "aGk=")),
    ];
    let lines: Vec<String> =
        blocks.iter().map(|block| serde_json::to_string(block).unwrap()).collect();
    expect![[r#"
        {"type":"text","text":"a"}
        {"type":"image","data":"aGk=","mimeType":"image/png"}
        {"type":"audio","data":"aGk=","mimeType":"audio/wav"}
        {"type":"resource_link","uri":"file:///a","name":"a","size":5}
        {"type":"resource","resource":{"uri":"file:///a","text":"hi"}}
        {"type":"resource","resource":{"uri":"file:///a","blob":"aGk="}}"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(blocks.iter().filter_map(ContentBlock::as_text).collect::<Vec<_>>(), ["a"]);
    let message = PromptMessage::new(Role::User, ContentBlock::text("a"));
    assert_eq!(message, PromptMessage::user("a"));
}

#[test]
fn an_unknown_block_is_kept_whole() {
    let text = r#"{"type":"hologram","frames":[1,null,{"a":0.5}]}"#;
    let block: ContentBlock = decode(text.as_bytes()).unwrap();
    assert!(matches!(&block, ContentBlock::Other(members) if members["type"] == "hologram"));
    assert_eq!(
        serde_json::to_value(&block).unwrap(),
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
}

#[test]
fn a_link_has_all_that_its_resource_has() {
    let mut resource =
        Resource::new("file:///a", "a").title("A").description("d").mime_type("text/plain").size(1);
    resource = resource.annotations(Annotations::new().priority(0.5).audience(vec![Role::User]));
    resource.extra.insert("x", 1);
    let mut linked = serde_json::to_value(ResourceLink::from(resource.clone())).unwrap();
    assert_eq!(linked.as_object_mut().unwrap().remove("type"), Some(json!("resource_link")));
    assert_eq!(linked, serde_json::to_value(resource).unwrap());
}

#[test]
fn every_kind_of_field_can_be_asked_for() {
    let strings = || vec!["r".to_owned(), "g".to_owned()];
    let options = || vec![EnumOption::new("r", "Red"), EnumOption::new("g", "Green")];
    let form = ElicitSchema::new()
        .required_property("zip", StringSchema::new().min_length(5).max_length(5).default("12345"))
        .property("mail", StringSchema::new().title("Mail").format(StringFormat::Email))
        .property("ratio", NumberSchema::number().minimum(0.5).maximum(1))
        .property("count", NumberSchema::integer().default(3))
        .property("sure", BooleanSchema::new().default(true))
        .property("one", UntitledSingleSelectEnumSchema::new(strings()).default("r"))
        .property("one titled", TitledSingleSelectEnumSchema::new(options()))
        .property("many", UntitledMultiSelectEnumSchema::new(strings()).min_items(1).max_items(2))
        .property("many titled", TitledMultiSelectEnumSchema::new(options()).default(strings()))
        .property("old", LegacyTitledEnumSchema::new(strings()).enum_names(strings()));
    let fields: Vec<String> = form
        .properties
        .iter()
        .map(|(name, schema)| format!("{name}: {}", serde_json::to_string(schema).unwrap()))
        .collect();
    expect![[r#"
        zip: {"type":"string","minLength":5,"maxLength":5,"default":"12345"}
        mail: {"type":"string","title":"Mail","format":"email"}
        ratio: {"type":"number","minimum":0.5,"maximum":1}
        count: {"type":"integer","default":3}
        sure: {"type":"boolean","default":true}
        one: {"type":"string","enum":["r","g"],"default":"r"}
        one titled: {"type":"string","oneOf":[{"const":"r","title":"Red"},{"const":"g","title":"Green"}]}
        many: {"type":"array","items":{"type":"string","enum":["r","g"]},"minItems":1,"maxItems":2}
        many titled: {"type":"array","items":{"anyOf":[{"const":"r","title":"Red"},{"const":"g","title":"Green"}]},"default":["r","g"]}
        old: {"type":"string","enum":["r","g"],"enumNames":["r","g"]}"#]]
    .assert_eq(&fields.join("\n"));

    let again: ElicitSchema = decode(&serde_json::to_vec(&form).unwrap()).unwrap();
    assert_eq!(again.required, form.required);
    for (name, schema) in form.properties.iter() {
        assert_eq!(again.properties.get(name), Some(schema), "{name}");
    }
    let unknown: PrimitiveSchemaDefinition = decode(br#"{"type":"color","alpha":true}"#).unwrap();
    assert!(matches!(unknown, PrimitiveSchemaDefinition::Other(_)));
}

#[test]
fn questions_are_told_apart_by_their_method() {
    let form = ElicitRequestFormParams::new(
        "who?",
        ElicitSchema::new().property("name", StringSchema::new()),
    );
    let requests: InputRequests = [
        ("who", InputRequest::from(ElicitRequest::new(form.clone()))),
        ("where", InputRequest::from(ListRootsRequest::new())),
    ]
    .into_iter()
    .collect();
    let result = InputRequiredResult::new().input_requests(requests).request_state("s");
    let text = serde_json::to_string(&result).unwrap();
    expect![[r#"{"inputRequests":{"where":{"method":"roots/list"},"who":{"method":"elicitation/create","params":{"message":"who?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}}},"requestState":"s"}"#]]
        .assert_eq(&text);
    assert_eq!(decode(text.as_bytes()), Ok(result));

    let own: InputRequest = decode(br#"{"method":"com.example/scan","params":{"n":1}}"#).unwrap();
    assert!(matches!(own, InputRequest::Other(_)));
    let voice: ElicitRequestParams = decode(br#"{"mode":"voice","message":"m"}"#).unwrap();
    assert!(matches!(voice, ElicitRequestParams::Other(_)));
    let url: ElicitRequestParams =
        decode(br#"{"mode":"url","message":"m","url":"https://a.b"}"#).unwrap();
    assert!(matches!(url, ElicitRequestParams::Url(_)));
    let form_again: ElicitRequestParams = decode(&serde_json::to_vec(&form).unwrap()).unwrap();
    assert_eq!(form_again, form.into());
}

#[test]
fn an_answer_is_read_as_what_was_asked_for() {
    let answer = InputResponse::from(ElicitResult::new("accept").content(serde_json::Map::new()));
    assert_eq!(answer.elicit().unwrap().action.as_str(), "accept");
    assert_eq!(answer.list_roots().unwrap_err().to_string(), "roots: missing field");
    assert_eq!(answer.create_message().unwrap_err().to_string(), "role: missing field");
}

#[test]
fn content_of_a_model_is_one_or_many() {
    let one: SamplingMessage =
        decode(br#"{"role":"user","content":{"type":"text","text":"a"}}"#).unwrap();
    assert_eq!(one, SamplingMessage::user("a"));
    let many: SamplingMessage =
        decode(br#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text"}]}"#)
            .unwrap();
    assert_eq!(many.content.blocks(), one.content.blocks());
    let SamplingContent::Many(blocks) = &many.content else { panic!("{many:?}") };
    assert_eq!(blocks.rejected()[0].error.to_string(), "content[1].text: missing field");
}

#[test]
fn what_users_declare_needs_little() {
    let prompt = Prompt::new("p")
        .argument(PromptArgument::new("x").required(true))
        .argument(PromptArgument::new("y"));
    assert_eq!(
        serde_json::to_string(&prompt).unwrap(),
        r#"{"name":"p","arguments":[{"name":"x","required":true},{"name":"y"}]}"#
    );
    let template = ResourceTemplate::new("file:///{path}", "files");
    assert_eq!(
        serde_json::to_string(&template).unwrap(),
        r#"{"uriTemplate":"file:///{path}","name":"files"}"#
    );
}
