//! The form with a field of every kind.

use bowline::types::input::{
    BooleanSchema, ElicitSchema, EnumOption, LegacyTitledEnumSchema, NumberSchema, StringFormat,
    StringSchema, TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema,
    UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};

pub(super) fn schema() -> ElicitSchema {
    let name = StringSchema::new()
        .title("Name")
        .description("Your full name")
        .min_length(1_u64)
        .max_length(40_u64);
    let format = |format| StringSchema::new().format(format);
    let color = UntitledSingleSelectEnumSchema::new(texts(["red", "green", "blue"]));
    let size = TitledSingleSelectEnumSchema::new(options([("s", "Small"), ("l", "Large")]));
    let toppings = UntitledMultiSelectEnumSchema::new(texts(["cheese", "olives", "basil"]));
    let extras = TitledMultiSelectEnumSchema::new(options([("nap", "Napkin"), ("cut", "Cutlery")]));
    let grade = LegacyTitledEnumSchema::new(texts(["a", "b"]));
    ElicitSchema::new()
        .required_property("name", name)
        .property("email", format(StringFormat::Email))
        .property("site", format(StringFormat::Uri))
        .property("birthday", format(StringFormat::Date))
        .property("moment", format(StringFormat::DateTime))
        .required_property("age", NumberSchema::integer().minimum(0.0).maximum(150.0))
        .property("height", NumberSchema::number().minimum(0.5).maximum(2.5))
        .property("subscribed", BooleanSchema::new().default(true))
        .property("color", color.default("green"))
        .property("size", size)
        .property("toppings", toppings.min_items(1_u64).max_items(2_u64))
        .property("extras", extras)
        .property("grade", grade.enum_names(texts(["Excellent", "Good"])))
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

fn options<const N: usize>(options: [(&str, &str); N]) -> Vec<EnumOption> {
    options.map(|(value, title)| EnumOption::new(value, title)).into()
}
