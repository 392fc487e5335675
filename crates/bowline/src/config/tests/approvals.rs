use super::super::{Approvals, Config};
use super::support::Folder;
use std::fs;

const ONE: &str = r#"{ "mcpServers": { "one": { "command": "x" } } }"#;

#[test]
fn every_change_of_a_config_asks_again() {
    let folder = Folder::new();
    let approvals = Approvals::at(folder.path().join("state/bowline/approved"));
    let path = folder.write(".mcp.json", ONE);
    let config = Config::read(&path).unwrap();
    assert!(!approvals.contain(&config).unwrap());
    approvals.add(&config).unwrap();
    assert!(approvals.contain(&config).unwrap());

    // White space is a change too: what is approved is bytes.
    folder.write(".mcp.json", &format!("{ONE} "));
    let changed = Config::read(&path).unwrap();
    assert!(!approvals.contain(&changed).unwrap());
    approvals.add(&changed).unwrap();
    assert!(approvals.contain(&changed).unwrap());
    assert!(!approvals.contain(&config).unwrap(), "the older contents are approved no more");
}

#[test]
fn the_same_bytes_elsewhere_are_not_approved() {
    let folder = Folder::new();
    let approvals = Approvals::at(folder.path().join("approved"));
    approvals.add(&Config::read(folder.write("a/.mcp.json", ONE)).unwrap()).unwrap();
    assert!(!approvals.contain(&Config::read(folder.write("b/.mcp.json", ONE)).unwrap()).unwrap());
}

#[cfg(unix)]
#[test]
fn the_file_is_private_and_nothing_is_left_beside_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let approvals = Approvals::at(folder.path().join("state/approved"));
    let config = Config::read(folder.write(".mcp.json", ONE)).unwrap();
    approvals.add(&config).unwrap();
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("state"), mode("state/approved")), (0o700, 0o600));
    let names: Vec<_> = fs::read_dir(folder.path().join("state")).unwrap().collect();
    assert_eq!(names.len(), 1);

    let file = folder.path().join("state/approved");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let refused = approvals.contain(&config).unwrap_err();
    assert!(
        refused.is_invalid() && refused.to_string().contains("others may write it"),
        "{refused}"
    );
}

#[test]
fn a_path_with_line_breaks_approves_nothing_else() {
    let folder = Folder::new();
    let approvals = Approvals::at(folder.path().join("approved"));
    let config = Config::read(folder.write("a\nb/.mcp.json", ONE)).unwrap();
    approvals.add(&config).unwrap();
    assert!(approvals.contain(&config).unwrap());
    assert_eq!(fs::read_to_string(folder.path().join("approved")).unwrap().lines().count(), 1);
}
