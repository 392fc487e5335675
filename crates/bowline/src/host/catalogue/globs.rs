//! Globs over names: `*` stands for any text, everything else for itself.

/// Globs, of which one has to match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Globs(Vec<Box<str>>);

impl Globs {
    /// These globs.
    pub(crate) fn new<G: AsRef<str>>(globs: impl IntoIterator<Item = G>) -> Self {
        Self(globs.into_iter().map(|glob| glob.as_ref().into()).collect())
    }

    /// Whether one of them matches the whole name.
    pub(crate) fn match_any(&self, name: &str) -> bool {
        self.0.iter().any(|glob| matches(glob, name))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them matches every name that begins so.
    pub(crate) fn is_all(&self, beginning: &str) -> bool {
        let is_all = |glob: &str| {
            glob.strip_suffix('*').is_some_and(|rest| {
                rest.chars().all(|c| c == '*') || !rest.contains('*') && beginning.starts_with(rest)
            })
        };
        self.0.iter().any(|glob| is_all(glob))
    }

    /// Whether one of them matches what a server's item is shown as, or its own name behind that of the server:
    /// `git__*` is all of `git`, its resources too.
    pub(crate) fn select(&self, server: &str, own: &str, shown: &str) -> bool {
        let full = format!("{server}__{own}");
        self.0.iter().any(|glob| matches(glob, shown) || matches(glob, &full))
    }
}

/// Whether a glob matches the whole name.
///
/// Nothing is tried twice: what stands between two stars is looked for once, as far to the left as it can be, since then
/// the most is left for what follows.
fn matches(glob: &str, name: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else {
        return name == glob;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(last)
}
