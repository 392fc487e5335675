//! Suggestions for arguments of a prompt and variables of templates.

use super::prompts::TRAVEL;
use super::resources::{ECHO, PLACE};
use super::sabotage;
use bowline::Server;
use bowline::server::CompleteRequest;
use bowline::types::completion::{
    Completion, CompletionReference, PromptReference, ResourceTemplateReference,
};

pub(super) fn register(server: Server) -> Server {
    let travel = || CompletionReference::from(PromptReference::new(TRAVEL));
    let place = || CompletionReference::from(ResourceTemplateReference::new(PLACE));
    server
        .completion(travel(), "country", |request: CompleteRequest| async move {
            let mut countries = countries(&request);
            if let Some(first) = countries.first_mut() {
                *first = sabotage::spoil("complete_prompt", first.as_str());
            }
            countries
        })
        .completion(travel(), "city", |request: CompleteRequest| async move { cities(&request) })
        .completion(
            place(),
            "country",
            |request: CompleteRequest| async move { countries(&request) },
        )
        .completion(place(), "city", |request: CompleteRequest| async move { cities(&request) })
        .completion(ResourceTemplateReference::new(ECHO), "value", values)
}

const COUNTRIES: [(&str, &[&str]); 6] = [
    ("Fiji", &["Suva"]),
    ("Finland", &["Helsinki", "Turku"]),
    ("France", &["Lyon", "Paris", "Perpignan"]),
    ("Germany", &["Berlin", "Bonn"]),
    ("Greece", &["Athens"]),
    ("Japan", &["Kyoto", "Tokyo"]),
];

fn countries(request: &CompleteRequest) -> Vec<String> {
    let names = COUNTRIES.iter().map(|(name, _)| *name);
    names.filter(|name| begins(name, &request.value)).map(str::to_owned).collect()
}

/// The cities of the country that is filled in already, or all of them.
fn cities(request: &CompleteRequest) -> Vec<&'static str> {
    let country = request.arguments.get("country").filter(|_| !sabotage::is("complete_context"));
    let countries =
        COUNTRIES.iter().filter(|(name, _)| country.is_none_or(|country| country == name));
    let cities = countries.flat_map(|(_, cities)| cities.iter().copied());
    cities.filter(|city| begins(city, &request.value)).collect()
}

fn begins(name: &str, typed: &str) -> bool {
    name.to_lowercase().starts_with(&typed.to_lowercase())
}

async fn values(request: CompleteRequest) -> Completion {
    let all = (0..150).map(|n| format!("value_{n:03}"));
    let mut matching: Vec<String> = all.filter(|value| begins(value, &request.value)).collect();
    let total = matching.len();
    // The specification allows no more.
    matching.truncate(100);
    let more = total > matching.len();
    let total = total as u64 + u64::from(sabotage::one_for("complete_template"));
    Completion::new(matching).total(total).has_more(more)
}
