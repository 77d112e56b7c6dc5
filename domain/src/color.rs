//! The twelve calendar colours, and how a provider's colour finds its place among them.

/// Names of the twelve colour tokens; the page has a light and a dark tint for each (`--cal-<name>`).
pub const NAMES: [&str; 12] = ["red", "orange", "amber", "olive", "green", "teal", "cyan", "blue", "indigo", "violet", "pink", "slate"];

/// The full colour of each token, in the order of [`NAMES`].
pub const RGB: [(u8, u8, u8); 12] = [
    (0xc9, 0x36, 0x2f),
    (0xc8, 0x5a, 0x12),
    (0xa9, 0x76, 0x00),
    (0x6f, 0x7d, 0x0a),
    (0x2c, 0x7d, 0x3b),
    (0x0a, 0x7d, 0x74),
    (0x08, 0x77, 0x98),
    (0x2b, 0x64, 0xd8),
    (0x4f, 0x4f, 0xd0),
    (0x85, 0x46, 0xc9),
    (0xc0, 0x35, 0x83),
    (0x5b, 0x65, 0x73),
];

/// The token nearest to a `#rgb`, `#rrggbb` or `#rrggbbaa` colour (CalDAV servers write all three); `None` when it is not a colour.
#[must_use]
pub fn nearest(text: &str) -> Option<&'static str> {
    let hex = text.trim().strip_prefix('#')?;
    if !hex.is_ascii() {
        return None;
    }
    let part = |at: usize, wide: bool| -> Option<i32> {
        let digits = if wide { hex.get(at * 2..at * 2 + 2)?.to_owned() } else { hex.get(at..=at)?.repeat(2) };
        i32::from_str_radix(&digits, 16).ok()
    };
    let wide = match hex.len() {
        3 | 4 => false,
        6 | 8 => true,
        _ => return None,
    };
    let (red, green, blue) = (part(0, wide)?, part(1, wide)?, part(2, wide)?);
    let distance = |(r, g, b): (u8, u8, u8)| {
        let (r, g, b) = (i32::from(r) - red, i32::from(g) - green, i32::from(b) - blue);
        3 * r * r + 4 * g * g + 2 * b * b
    };
    RGB.iter().zip(NAMES).min_by_key(|(rgb, _)| distance(**rgb)).map(|(_, name)| name)
}

/// The token for a calendar that has no colour of its own, beside those that a user's other calendars have: one that none of them
/// has, as long as there is one. Those that follow each other differ clearly.
#[must_use]
pub fn free(taken: &[&str]) -> &'static str {
    const ORDER: [usize; 12] = [7, 4, 1, 9, 5, 10, 2, 8, 0, 6, 3, 11];
    let times = |at: &&usize| taken.iter().filter(|color| **color == NAMES[**at]).count();
    ORDER.iter().min_by_key(times).map_or(NAMES[0], |at| NAMES[*at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_without_a_colour_gets_one_that_is_free_and_then_the_rarest() {
        assert_eq!(free(&[]), "blue");
        assert_eq!(free(&["blue"]), "green");
        assert_eq!(free(&["green", "red"]), "blue");
        let mut all = NAMES.to_vec();
        assert_eq!(free(&all), "blue");
        all.push("blue");
        assert_eq!(free(&all), "green");
    }

    #[test]
    fn colours_in_three_spellings_find_their_token() {
        assert_eq!(nearest("#ff0000"), Some("red"));
        assert_eq!(nearest("#F00"), Some("red"));
        assert_eq!(nearest("#2b64d8FF"), Some("blue"));
        assert_eq!(nearest("blue"), None);
        assert_eq!(nearest("#12345"), None);
        assert_eq!(nearest("#ééé"), None);
    }
}
