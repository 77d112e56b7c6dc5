//! What travels to the page travels packed: without names, field after field.
//!
//! JSON leaves out what is empty (design of the REST answers); what has no names can not. So a field that JSON may leave out
//! says `skip_serializing_if = "crate::packed::…"` with one of the questions below, which say no while a value is packed.

use std::cell::Cell;
use std::collections::BTreeMap;

thread_local! {
    static PACKING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `write`, which packs a value.
pub fn packing<T>(write: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            PACKING.set(self.0);
        }
    }
    let _back = Back(PACKING.replace(true));
    write()
}

/// Whether JSON leaves a value out when it is empty.
fn may_leave_out() -> bool {
    !PACKING.get()
}

/// Whether an option is left out.
pub(crate) fn no<T>(value: &Option<T>) -> bool {
    value.is_none() && may_leave_out()
}

/// Whether a list is left out.
pub(crate) fn none<T>(values: &[T]) -> bool {
    values.is_empty() && may_leave_out()
}

/// Whether a map is left out.
pub(crate) fn no_entries<K, V>(values: &BTreeMap<K, V>) -> bool {
    values.is_empty() && may_leave_out()
}

/// Whether a `false` is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
pub(crate) fn not(value: &bool) -> bool {
    !value && may_leave_out()
}
