//! A value whose changes become visible late.

/// What is true, and what the API still shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lagging<T> {
    current: T,
    shown: Option<(i64, T)>,
}

impl<T: Clone> Lagging<T> {
    /// What the API shows now.
    pub(crate) fn view(&self, now: i64) -> &T {
        match &self.shown {
            Some((until, old)) if now < *until => old,
            _ => &self.current,
        }
    }

    /// What is true.
    pub(crate) fn truth(&self) -> &T {
        &self.current
    }

    /// Changes what is true; the API shows it `lag` milliseconds later, together with all that changes meanwhile.
    pub(crate) fn change(&mut self, now: i64, lag: i64) -> &mut T {
        if lag > 0 {
            let old = match self.shown.take() {
                Some((until, old)) if now < until => old,
                _ => self.current.clone(),
            };
            self.shown = Some((now + lag, old));
        } else {
            self.shown = None;
        }
        &mut self.current
    }
}

#[cfg(test)]
mod tests {
    use super::Lagging;

    #[test]
    fn a_change_is_seen_only_after_the_lag() {
        let mut value = Lagging::<i32>::default();
        *value.change(0, 10) = 1;
        *value.change(5, 10) = 2;
        assert_eq!((*value.view(14), *value.view(15), *value.truth()), (0, 2, 2));
        *value.change(20, 10) = 3;
        assert_eq!((*value.view(29), *value.view(30)), (2, 3), "what was seen once stays seen");
        *value.change(35, 0) = 4;
        assert_eq!(*value.view(35), 4);
    }
}
