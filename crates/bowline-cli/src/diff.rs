//! What changed in a text, for reading.

use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, group_diff_ops};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// A unified diff with three lines around each change; empty where nothing changed.
///
/// Built from the parts of the library: its own function would bring along each of its algorithms.
pub(crate) fn unified(path: &str, old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let mut diff = Compact::new(Replace::new(Capture::new()), &*old, &*new);
    let until = Some(Instant::now() + LONGEST);
    let Ok(()) = myers::diff_deadline(&mut diff, &*old, 0..old.len(), &*new, 0..new.len(), until);
    let ops = diff.into_inner().into_inner().into_ops();

    let mut text = String::new();
    for hunk in group_diff_ops(ops, AROUND) {
        if text.is_empty() {
            let _ = write!(text, "--- {path}\n+++ {path}\n");
        }
        let _ = writeln!(text, "{}", UnifiedHunkHeader::new(&hunk));
        for (tag, lines) in hunk.iter().flat_map(|op| op.iter_slices(&old, &new)) {
            let sign = match tag {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            for line in lines {
                let _ = write!(text, "{sign}{line}");
                if !line.ends_with('\n') {
                    text.push_str("\n\\ No newline at end of file\n");
                }
            }
        }
    }
    text
}

/// Lines around a change.
const AROUND: usize = 3;
/// After that long a diff is right, but longer than it could be.
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::unified;
    use expect_test::expect;
    use similar::TextDiff;
    use std::hash::{BuildHasher, Hasher, RandomState};

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\nlast";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nmore\nn\nlast\n";
        expect![[r#"
            --- x.txt
            +++ x.txt
            @@ -1,5 +1,5 @@
             a
            -b
            +B
             c
             d
             e
            @@ -11,5 +11,6 @@
             k
             l
             m
            +more
             n
            -last
            \ No newline at end of file
            +last
        "#]]
        .assert_eq(&unified("x.txt", old, new));
        assert_eq!(unified("x.txt", old, old), "");
        assert_eq!(unified("x.txt", "", ""), "");
        assert_eq!(unified("x.txt", "", "a\n"), "--- x.txt\n+++ x.txt\n@@ -0,0 +1 @@\n+a\n");
    }

    #[test]
    fn it_is_what_the_library_writes() {
        let mut state = RandomState::new().build_hasher().finish() | 1;
        let mut next = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for _ in 0..2000 {
            let mut text = || {
                let count = next(60);
                let lines: String = (0..count).map(|_| format!("line {}\n", next(9))).collect();
                let end = usize::from(next(4) == 0 && !lines.is_empty());
                lines[..lines.len() - end].to_owned()
            };
            let (old, new) = (text(), text());
            let theirs =
                TextDiff::from_lines(&old, &new).unified_diff().header("x", "x").to_string();
            assert_eq!(unified("x", &old, &new), theirs, "{old:?} {new:?}");
        }
    }
}
