//! How often a tab asks for the overview: pure. As long as the stream is open it is not asked at all, but for a sync at work whose
//! news stay away (something between server and browser may hold them back).

/// Between two ticks, milliseconds.
pub const TICK_MS: u32 = 3_000;
/// Asked at least so often while the stream is lost and somebody looks: a minute.
const VISIBLE_TICKS: u32 = 20;
/// The same while nobody looks: five minutes.
const HIDDEN_TICKS: u32 = 100;
/// A sync at work tells something at least so often.
const SILENT_TICKS: u32 = 5;

/// Whether to ask (and to open the stream again, if it is closed) after so many ticks without it: after 6 seconds, then after twice
/// as long each time.
#[must_use]
pub fn asks_when_lost(ticks: u32, visible: bool) -> bool {
    let cap = if visible { VISIBLE_TICKS } else { HIDDEN_TICKS };
    if ticks < cap { ticks > 1 && ticks.is_power_of_two() } else { ticks.is_multiple_of(cap) }
}

/// Whether to ask although the stream is open, after so many ticks without a word in the middle of a sync: after 15 seconds, then
/// after twice as long each time.
#[must_use]
pub fn asks_when_silent(ticks: u32) -> bool {
    ticks.is_multiple_of(SILENT_TICKS) && (ticks / SILENT_TICKS).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(ask: impl Fn(u32) -> bool) -> Vec<u32> {
        (1..=200).filter(|ticks| ask(*ticks)).map(|ticks| ticks * TICK_MS / 1_000).collect()
    }

    #[test]
    fn a_tab_that_lost_the_stream_asks_less_and_less_often() {
        let visible = seconds(|ticks| asks_when_lost(ticks, true));
        assert_eq!(visible[..7], [6, 12, 24, 48, 60, 120, 180]);
        assert_eq!(seconds(|ticks| asks_when_lost(ticks, false)), [6, 12, 24, 48, 96, 192, 300, 600]);
    }

    #[test]
    fn a_silent_sync_is_asked_about_less_and_less_often() {
        assert_eq!(seconds(asks_when_silent), [15, 30, 60, 120, 240, 480]);
    }
}
