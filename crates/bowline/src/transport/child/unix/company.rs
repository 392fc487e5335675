//! Who runs in a process group.

#[cfg(target_os = "linux")]
mod system {
    use rustix::process::Pid;
    use std::fs;
    use std::io::Read;

    /// Whether a process runs in one of the groups that `leaders` lead, besides themselves; the dead do not count.
    /// `None` where `/proc` is not mounted.
    pub(in super::super::super) fn living(leaders: &[Pid]) -> Option<bool> {
        let mut stat = String::with_capacity(512);
        let mut any = false;
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            any = true;
            stat.clear();
            // One that has gone meanwhile is not there.
            let read = fs::File::open(entry.path().join("stat"))
                .and_then(|mut file| file.read_to_string(&mut stat));
            if read.is_ok() && member(&stat, id, leaders) == Some(true) {
                return Some(true);
            }
        }
        any.then_some(false)
    }

    /// `id (name) state parent group …`, where the name may hold anything.
    fn member(stat: &str, id: i32, leaders: &[Pid]) -> Option<bool> {
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let state = fields.next()?;
        let group = fields.nth(1)?.parse().ok().and_then(Pid::from_raw)?;
        let leads = Pid::from_raw(id).is_some_and(|id| leaders.contains(&id));
        Some(leaders.contains(&group) && !leads && !matches!(state, "Z" | "X"))
    }

    #[cfg(test)]
    mod tests {
        use super::member;
        use rustix::process::Pid;

        #[test]
        fn members_are_those_of_the_group_that_live_and_do_not_lead() {
            let leaders = [Pid::from_raw(70).unwrap()];
            let table = [
                ("71 (sh) S 1 70 5 0", 71, Some(true)),
                ("71 (a) Z (b) R 1 70 5 0", 71, Some(true)),
                ("71 (sh) Z 1 70 5 0", 71, Some(false)),
                ("70 (sh) S 1 70 5 0", 70, Some(false)),
                ("71 (70) S 70 72 70 0", 71, Some(false)),
                ("", 71, None),
            ];
            for (stat, id, expected) in table {
                assert_eq!(member(stat, id, &leaders), expected, "{stat}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::process::Pid;

    /// The system does not tell without code that may not be written here.
    pub(in super::super::super) fn living(_: &[Pid]) -> Option<bool> {
        None
    }
}

pub(in super::super) use system::living;
