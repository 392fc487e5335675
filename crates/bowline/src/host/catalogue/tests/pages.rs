use super::support::{build, resources, tools};
use crate::host::catalogue::offer::Item;
use crate::host::catalogue::{Offer, Shelf};
use crate::host::settings::Naming;
use bowline_protocol::scan::Raw;
use serde_json::json;

/// The names on each page.
fn pages(shelf: &Shelf) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let page = shelf.page(cursor.as_deref()).unwrap();
        let name = |item: &&Raw| item.decode::<serde_json::Value>().unwrap()["name"].to_string();
        pages.push(page.items.iter().map(name).collect());
        match page.next {
            Some(next) => cursor = Some(next),
            None => return pages,
        }
    }
}

#[test]
fn pages_together_are_the_list() {
    let names: Vec<String> = (0..250).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for count in [0, 1, 99, 100, 101, 200, 250] {
        let catalogue = build(Naming::Flat, &[("a", tools(&names[..count]))]);
        let pages = pages(&catalogue.merged().tools);
        let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(sizes.len(), count.div_ceil(100).max(1), "{sizes:?}");
        let all: Vec<String> = pages.concat();
        let expected: Vec<_> = names[..count].iter().map(|name| format!("{name:?}")).collect();
        assert_eq!(all, expected);
    }
}

#[test]
fn a_page_has_no_more_bytes_than_a_client_can_read() {
    let item = |number: usize| {
        let name = format!("t{number}");
        let text = json!({ "name": name, "description": "x".repeat(400_000) }).to_string();
        Item::new(name, Raw::parse(text).unwrap())
    };
    let offer = Offer { tools: (0..5).map(item).collect(), ..tools(&[]) };
    let catalogue = build(Naming::Flat, &[("a", offer)]);
    let sizes: Vec<_> = pages(&catalogue.merged().tools).iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn a_cursor_goes_on_behind_the_last_name_whatever_came_before_it() {
    let names: Vec<String> = (0..150).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = build(Naming::Prefix, &[("a", tools(&names))]);
    let next = before.merged().tools.page(None).unwrap().next.unwrap();
    // Another server has come, and its tools are not missed by those who begin, nor told twice to those who go on.
    let after = build(Naming::Prefix, &[("new", tools(&names)), ("a", tools(&names))]);
    assert_eq!(after.merged().tools.page(Some(&next)).unwrap().items.len(), 50);
    // The one it names has gone, and so has the place.
    let gone = build(Naming::Prefix, &[("b", tools(&names))]);
    assert!(gone.merged().tools.page(Some(&next)).is_none());
}

#[test]
fn what_is_no_cursor_of_this_list_is_refused() {
    let names: Vec<String> = (0..150).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut offer = resources(&names, &[]);
    offer.tools = tools(&names).tools;
    let catalogue = build(Naming::Flat, &[("a", offer)]);
    let shelves = catalogue.merged();
    let cursor = shelves.tools.page(None).unwrap().next.unwrap();
    assert!(shelves.tools.page(Some(&cursor)).is_some());
    assert!(shelves.resources.page(Some(&cursor)).is_none(), "a cursor of another list");
    let ours = format!("{cursor}=");
    for text in ["", "x", "t99", "AXQ", "ünicode", &cursor[..4], &ours] {
        assert!(shelves.tools.page(Some(text)).is_none(), "{text:?}");
    }
}
