//! The delete guard: a source that suddenly lost much of what it had is not believed without the user.

/// Fewer deletions than this are never held, unless they are all that there is.
pub const MIN_DELETIONS: u64 = 10;
/// A larger share of the live objects than this, in percent, is held.
pub const MAX_PERCENT: u64 = 20;

/// What the guard says about a set of deletions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Delete them.
    Let,
    /// Keep them until the user decides.
    Hold,
}

/// Judges `gone` deletions out of `live` stored objects in scope. `source_empty` says that the provider lists nothing at all.
///
/// Held: an empty answer for a calendar that had more than one object, and more than `max(10, 20 %)` of the live objects.
#[must_use]
pub fn judge(live: u64, gone: u64, source_empty: bool) -> Verdict {
    if gone == 0 {
        return Verdict::Let;
    }
    let limit = MIN_DELETIONS.max(live * MAX_PERCENT / 100);
    if (source_empty && live > 1) || gone > limit { Verdict::Hold } else { Verdict::Let }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_larger_of_ten_and_a_fifth() {
        assert_eq!(judge(303, 303, true), Verdict::Hold);
        assert_eq!(judge(240, 237, false), Verdict::Hold);
        assert_eq!(judge(100, 20, false), Verdict::Let);
        assert_eq!(judge(100, 21, false), Verdict::Hold);
        assert_eq!(judge(12, 10, false), Verdict::Let);
        assert_eq!(judge(12, 11, false), Verdict::Hold);
        assert_eq!(judge(500, 0, false), Verdict::Let);
    }

    #[test]
    fn an_empty_answer_is_held_unless_only_one_object_was_there() {
        assert_eq!(judge(3, 3, true), Verdict::Hold);
        assert_eq!(judge(2, 2, true), Verdict::Hold);
        assert_eq!(judge(1, 1, true), Verdict::Let);
    }
}
