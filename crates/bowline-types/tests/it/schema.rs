//! Every definition of every schema file, by instances made from the definition.
//!
//! For each: what is valid is decoded, encoded again equal, and valid again; what breaks one member is
//! refused by the name of that member, or set aside when it is in a list.

mod file;
mod instance;
mod node;
mod row;
mod serve;

use std::collections::BTreeSet;

use serde_json::Value;

use file::File;
use instance::{Fault, Faulty, Instance};
use serve::Report;

#[test]
fn schema_2024_11_05() {
    check("2024-11-05.json");
}

#[test]
fn schema_2025_03_26() {
    check("2025-03-26.json");
}

#[test]
fn schema_2025_06_18() {
    check("2025-06-18.json");
}

#[test]
fn schema_2025_11_25() {
    check("2025-11-25.json");
}

#[test]
fn schema_2026_07_28() {
    check("2026-07-28.json");
}

#[test]
fn schema_of_the_tasks_extension() {
    check("ext-tasks.json");
}

fn check(name: &str) {
    let file = File::open(name);
    let mut failures = Vec::new();
    let mut written = BTreeSet::<usize>::new();
    let mut guarded = BTreeSet::<usize>::new();
    let (mut instances, mut faults) = (0, 0);

    for (definition, node) in &file.definitions {
        let Some(decode) = row::of(name, definition) else {
            failures.push(format!("{definition}: no row"));
            continue;
        };
        let validator = file.validator(definition);
        for instance in instance::all(&file, node) {
            instances += 1;
            let Instance { value, members, known } = instance;
            assert!(
                !known || validator.is_valid(&value),
                "{definition}: the generator is wrong: {value}"
            );
            match decode(value.clone()) {
                Ok(report) if report.value != value => {
                    failures.push(format!("{definition}: {value}\n    became {}", report.value));
                }
                Ok(report) if known && !validator.is_valid(&report.value) => {
                    failures
                        .push(format!("{definition}: invalid after encoding: {}", report.value));
                }
                Ok(report) if !report.rejected.is_empty() => {
                    failures
                        .push(format!("{definition}: {value}\n    rejected {:?}", report.rejected));
                }
                Ok(_) => written.extend(members),
                // A closed set of values refuses what it does not know, by name.
                Err(error) if !known && error.message().starts_with("unknown ") => {}
                Err(error) => failures.push(format!("{definition}: {value}\n    {error}")),
            }
        }
        let mut tried = BTreeSet::new();
        for faulty in instance::faulty(&file, node) {
            let fault =
                (faulty.path.clone(), faulty.fault == Fault::Missing, faulty.members.clone());
            // What is left valid, as another kind of a union, is no fault.
            if tried.contains(&fault) || validator.is_valid(&faulty.value) {
                continue;
            }
            faults += 1;
            tried.insert(fault);
            match refuses(definition, &faulty, decode(faulty.value.clone())) {
                Ok(()) => guarded.extend(&faulty.members),
                Err(failure) => {
                    failures.push(format!("{definition}: {failure}\n    {}", faulty.value))
                }
            }
        }
    }

    let free = file.free_members();
    let exercised = file
        .members
        .iter()
        .enumerate()
        .filter(|(id, _)| written.contains(id) && (guarded.contains(id) || free.contains(id)));
    println!(
        "{name}: {} / {} properties exercised, {} definitions, {instances} instances, {faults} faults",
        exercised.count(),
        file.members.len(),
        file.definitions.len(),
    );
    for (id, member) in file.members.iter().enumerate() {
        if !written.contains(&id) {
            failures.push(format!("{member}: never written"));
        } else if !guarded.contains(&id) && !free.contains(&id) {
            failures.push(format!("{member}: never refused with a wrong value"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures[..failures.len().min(30)].join("\n")
    );
}

/// Whether the fault was found and named.
fn refuses(
    definition: &str,
    faulty: &Faulty,
    outcome: Result<Report, bowline_types::DecodeError>,
) -> Result<(), String> {
    let expected = faulty.path.as_str();
    if let Some(reason) = serve::exempt(definition, expected, faulty.fault) {
        return match outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{expected} is exempt ({reason}), but: {error}")),
        };
    }
    let found = match outcome {
        Err(error) => vec![error.path().to_owned()],
        Ok(report) if report.rejected.is_empty() => {
            return Err(format!("{:?} at {expected} passed", faulty.fault));
        }
        Ok(report) => {
            // What is decoded only when asked for is still there whole.
            let is_lazy = serve::is_lazy(definition, expected) && report.value == faulty.value;
            if !is_lazy && !kept_others(&report.value, &faulty.value) {
                return Err(format!("{:?} at {expected} lost more than one element", faulty.fault));
            }
            report.rejected
        }
    };
    let named = found
        .iter()
        .any(|path| names(path, expected) || serve::told_otherwise(path, expected, faulty.fault));
    if named {
        Ok(())
    } else {
        Err(format!("{:?} at {expected} reported at {found:?}", faulty.fault))
    }
}

/// A rejected element names its place from the object that has the list.
fn names(found: &str, expected: &str) -> bool {
    let ends = expected
        .strip_suffix(found)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'));
    !found.is_empty() && ends
}

/// Whether `kept` is `sent` with exactly one element of one array less.
fn kept_others(kept: &Value, sent: &Value) -> bool {
    fn lost(kept: &Value, sent: &Value) -> Option<usize> {
        match (kept, sent) {
            (Value::Object(kept), Value::Object(sent)) => {
                let same_keys = kept.keys().eq(sent.keys());
                same_keys.then_some(())?;
                kept.values().zip(sent.values()).map(|(kept, sent)| lost(kept, sent)).sum()
            }
            (Value::Array(kept), Value::Array(sent)) if kept.len() == sent.len() => {
                kept.iter().zip(sent).map(|(kept, sent)| lost(kept, sent)).sum()
            }
            (Value::Array(kept), Value::Array(sent)) if kept.len() + 1 == sent.len() => {
                let mut rest = sent.iter();
                kept.iter().all(|element| rest.any(|other| other == element)).then_some(1)
            }
            (kept, sent) => (kept == sent).then_some(0),
        }
    }
    lost(kept, sent) == Some(1)
}

#[test]
fn a_lost_element_is_told_from_more() {
    let sent = serde_json::json!({"list": [1, 2, 3], "name": "x"});
    assert!(kept_others(&serde_json::json!({"list": [1, 3], "name": "x"}), &sent));
    assert!(!kept_others(&serde_json::json!({"list": [1], "name": "x"}), &sent));
    assert!(!kept_others(&serde_json::json!({"list": [1, 3]}), &sent));
    assert!(!kept_others(&sent, &sent));
    assert!(names("tools[1].name", "tools[1].name"));
    assert!(names("content[0].text", "messages[1].content[0].text"));
    assert!(!names("name", "tools[1].othername"));
    let missing =
        Faulty { value: sent, path: "name".into(), fault: Fault::Missing, members: vec![] };
    assert!(
        refuses("Tool", &missing, Ok(Report { value: Value::Null, rejected: Vec::new() })).is_err()
    );
}
