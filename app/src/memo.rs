//! Memos that are of one type inside, whatever they hold: leptos' own is compiled once for every type, two dozen times in this
//! page, and that was a fifteenth of the WASM. Used in place of it everywhere.

use leptos::prelude::{Get as _, GetUntracked as _, Memo as Inner, Track as _};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

/// A value that follows from others. What reads it runs again only when it has become another one.
pub struct Memo<T> {
    inner: Inner<Held>,
    of: PhantomData<fn() -> T>,
}

/// A value of any type. Only the memo that made it reads it, so it is of the type that is asked for.
#[derive(Clone)]
struct Held(Arc<dyn Any + Send + Sync>);

impl Held {
    fn read<T: 'static>(&self) -> &T {
        self.0.downcast_ref().expect("a memo holds what it was made for")
    }
}

type Read = Box<dyn Fn(Option<&Held>) -> Held + Send + Sync>;
type Differs = fn(Option<&Held>, Option<&Held>) -> bool;

fn make(read: Read, differs: Differs) -> Inner<Held> {
    Inner::new_with_compare(read, differs)
}

fn differs<T: PartialEq + 'static>(before: Option<&Held>, after: Option<&Held>) -> bool {
    before.map(Held::read::<T>) != after.map(Held::read::<T>)
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// One that `read` works out, from what it was before if that is of use.
    pub fn new(read: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let read: Read = Box::new(move |before| Held(Arc::new(read(before.map(Held::read)))));
        Self { inner: make(read, differs::<T>), of: PhantomData }
    }
}

impl<T: 'static> Memo<T> {
    /// Reads it; what reads it runs again when it changes.
    pub fn with<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(self.inner.get().read())
    }

    /// Reads it as it is now.
    pub fn with_untracked<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(self.inner.get_untracked().read())
    }

    /// Depends on it without reading it.
    pub fn track(&self) {
        self.inner.track();
    }
}

impl<T: Clone + 'static> Memo<T> {
    /// The value; what reads it runs again when it changes.
    #[must_use]
    pub fn get(&self) -> T {
        self.with(T::clone)
    }

    /// The value as it is now.
    #[must_use]
    pub fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }

    /// The value, unless its owner is gone.
    #[must_use]
    pub fn try_get(&self) -> Option<T> {
        self.inner.try_get().map(|held| held.read::<T>().clone())
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}

impl<T> std::fmt::Debug for Memo<T> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::{Owner, RwSignal, Set as _};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn what_follows_runs_again_only_when_the_value_is_another() {
        let owner = Owner::new();
        owner.set();
        let number = RwSignal::new(4);
        let half = Memo::new(move |_| number.get() / 2);
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let words = Memo::new(move |before: Option<&String>| {
            counted.fetch_add(1, Ordering::Relaxed);
            format!("{}{}", before.map_or("", String::as_str), half.get())
        });
        assert_eq!(words.get_untracked(), "2");
        number.set(5);
        assert_eq!((words.get_untracked().as_str(), runs.load(Ordering::Relaxed)), ("2", 1));
        number.set(6);
        assert_eq!((words.get_untracked().as_str(), runs.load(Ordering::Relaxed)), ("23", 2));
        assert_eq!(words.try_get().as_deref(), Some("23"));
        owner.cleanup();
        assert_eq!(words.try_get(), None);
    }
}
