use super::support::{empty, prompts, resources, tools};
use crate::host::catalogue::{Offer, Stored};
use bowline_protocol::outcome::CacheHint;
use bowline_types::discover::Implementation;
use serde_json::Map;
use std::fs;
use std::path::PathBuf;

/// A folder of its own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("bowline-stored-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn stored(&self) -> Stored {
        Stored::at(self.0.join("deep").join("offers"))
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.0.join("deep").join("offers")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn full() -> Offer {
    let mut capabilities = resources(&[], &[]).capabilities;
    capabilities.completions = Some(Map::new());
    capabilities.extensions = Some([("com.example/a".to_owned(), Map::new())].into());
    Offer {
        tools: tools(&["t", "größe \"\n"]).tools,
        prompts: prompts(&["p"]).prompts,
        templates: resources(&[], &["y:{v}"]).templates,
        skipped: 3,
        capabilities,
        instructions: Some("Read\nfirst.".to_owned()),
        info: Some(Implementation::new("n", "1")),
        cache: CacheHint::public(7),
        ..resources(&["x:1"], &[])
    }
}

#[test]
fn an_offer_is_read_as_it_was_kept() {
    let folder = Folder::new("round");
    let stored = folder.stored();
    assert_eq!(stored.load(b"a"), None);
    stored.keep(b"a", &full()).unwrap();
    stored.keep(b"b", &empty()).unwrap();
    assert_eq!(stored.load(b"a"), Some(full()));
    assert_eq!(stored.load(b"b"), Some(empty()));
    assert_eq!(stored.load(b"c"), None);
    stored.keep(b"a", &empty()).unwrap();
    assert_eq!(stored.load(b"a"), Some(empty()));
    assert_eq!(folder.files().len(), 2, "nothing is left beside them");
}

#[test]
fn a_file_that_is_damaged_is_as_good_as_none() {
    let folder = Folder::new("damaged");
    let stored = folder.stored();
    stored.keep(b"a", &full()).unwrap();
    let [file] = &folder.files()[..] else { panic!("one file") };
    let whole = fs::read(file).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(file, &damaged).unwrap();
        assert_eq!(stored.load(b"a"), None, "byte {at}");
        if at % 16 == 0 {
            fs::write(file, &whole[..at]).unwrap();
            assert_eq!(stored.load(b"a"), None, "cut at {at}");
        }
    }
    fs::write(file, &whole).unwrap();
    assert_eq!(stored.load(b"a"), Some(full()));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it_and_what_others_can_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("private");
    let stored = folder.stored();
    stored.keep(b"secret command --token x", &full()).unwrap();
    let [file] = &folder.files()[..] else { panic!("one file") };
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file), 0o600);
    assert_eq!(mode(&folder.0.join("deep").join("offers")), 0o700);
    let text = fs::read_to_string(file).unwrap();
    assert!(!text.contains("token") && !file.to_str().unwrap().contains("token"));
    fs::set_permissions(file, fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(stored.load(b"secret command --token x"), None);
}

#[test]
fn of_too_many_the_oldest_go() {
    let folder = Folder::new("many");
    let stored = folder.stored();
    for number in 0..260_u32 {
        stored.keep(&number.to_le_bytes(), &empty()).unwrap();
    }
    assert_eq!(folder.files().len(), 256);
    assert_eq!(stored.load(&259_u32.to_le_bytes()), Some(empty()));
}
