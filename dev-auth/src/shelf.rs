//! Things that are kept for a while, and never too many of them.

use std::collections::HashMap;

/// Things by name, each until a time of its own.
#[derive(Debug)]
pub(crate) struct Shelf<V> {
    things: HashMap<String, (u64, V)>,
    most: usize,
}

impl<V> Shelf<V> {
    pub(crate) fn of(most: usize) -> Self {
        Self { things: HashMap::new(), most }
    }

    /// Keeps a thing until a second; gives it back if there is no place for it.
    pub(crate) fn put(
        &mut self,
        name: impl Into<String>,
        thing: V,
        until: u64,
        now: u64,
    ) -> Result<(), V> {
        if self.things.len() >= self.most {
            self.things.retain(|_, (until, _)| *until > now);
        }
        if self.things.len() >= self.most {
            return Err(thing);
        }
        self.things.insert(name.into(), (until, thing));
        Ok(())
    }

    pub(crate) fn look(&self, name: &str, now: u64) -> Option<&V> {
        self.things.get(name).filter(|(until, _)| *until > now).map(|(_, thing)| thing)
    }

    pub(crate) fn change(&mut self, name: &str, now: u64) -> Option<&mut V> {
        self.things.get_mut(name).filter(|(until, _)| *until > now).map(|(_, thing)| thing)
    }

    /// The names of the things that are like this.
    pub(crate) fn names(&self, like: impl Fn(&V) -> bool, now: u64) -> impl Iterator<Item = &str> {
        let there =
            self.things.iter().filter(move |(_, (until, thing))| *until > now && like(thing));
        there.map(|(name, _)| name.as_str())
    }

    pub(crate) fn take(&mut self, name: &str, now: u64) -> Option<V> {
        self.things.remove(name).filter(|(until, _)| *until > now).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn things_are_there_until_their_second() {
        let mut shelf = Shelf::of(2);
        shelf.put("a", 1, 10, 0).unwrap();
        assert_eq!((shelf.look("a", 9), shelf.look("a", 10)), (Some(&1), None));
        assert_eq!(shelf.take("a", 9), Some(1));
        assert_eq!(shelf.take("a", 9), None);
    }

    #[test]
    fn a_full_shelf_makes_room_only_of_what_is_over() {
        let mut shelf = Shelf::of(2);
        shelf.put("a", 1, 10, 0).unwrap();
        shelf.put("b", 2, 20, 0).unwrap();
        assert_eq!(shelf.put("c", 3, 30, 5), Err(3));
        shelf.put("c", 3, 30, 10).unwrap();
        assert_eq!((shelf.look("a", 5), shelf.look("b", 10)), (None, Some(&2)));
    }
}
