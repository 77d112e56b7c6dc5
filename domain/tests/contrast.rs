//! The colours of the page, as `style/tokens.css` gives them, are readable in both themes (WCAG 2.2 §1.4.3 and §1.4.11).

use std::collections::HashMap;
use syncline_domain::color::{NAMES, RGB};

type Rgb = (u8, u8, u8);

/// Token → (light, dark).
fn tokens() -> HashMap<String, [Rgb; 2]> {
    let css = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../style/tokens.css")).expect("style/tokens.css is there");
    css.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
            let mut both = value.trim_end_matches(");").split(", ").map(hex);
            Some((name.to_owned(), [both.next()??, both.next()??]))
        })
        .collect()
}

fn hex(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

fn luminance((red, green, blue): Rgb) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Every pair that falls short, in words.
fn shortfalls(pairs: &[(String, String)], least: f64) -> Vec<String> {
    let tokens = tokens();
    let get = |name: &String| *tokens.get(name).unwrap_or_else(|| panic!("--{name} is not a light-dark() pair of #rrggbb"));
    let mut found = Vec::new();
    for (front, back) in pairs {
        let (fronts, backs) = (get(front), get(back));
        for (theme, at) in [("light", 0), ("dark", 1)] {
            let ratio = contrast(fronts[at], backs[at]);
            if ratio < least {
                found.push(format!("{front} on {back} in {theme}: {ratio:.2}"));
            }
        }
    }
    found
}

fn pair(front: &str, back: &str) -> (String, String) {
    (front.to_owned(), back.to_owned())
}

#[test]
fn the_formula_agrees_with_the_known_extremes() {
    assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    assert!((contrast((0x77, 0x77, 0x77), (255, 255, 255)) - 4.478).abs() < 1e-3);
}

#[test]
fn text_on_every_tint_keeps_four_and_a_half_to_one() {
    let pairs: Vec<_> = NAMES
        .iter()
        .flat_map(|name| {
            // Coming events, and past ones in quiet text.
            [pair(&format!("cal-{name}-ink"), &format!("cal-{name}-tint")), pair("text-muted", &format!("cal-{name}-tint"))]
        })
        .collect();
    assert_eq!(shortfalls(&pairs, 4.5), Vec::<String>::new());
}

#[test]
fn text_of_the_page_keeps_four_and_a_half_to_one() {
    let mut pairs = Vec::new();
    for back in ["surface", "surface-sunk", "surface-raised", "surface-hover", "surface-press"] {
        pairs.push(pair("text", back));
    }
    for back in ["surface", "surface-sunk", "surface-raised", "surface-hover"] {
        pairs.extend([pair("text-muted", back), pair("accent", back), pair("bad", back)]);
    }
    for word in ["good", "warn", "bad"] {
        pairs.extend([pair(word, &format!("{word}-soft")), pair(word, "surface-raised"), pair("text", &format!("{word}-soft"))]);
    }
    pairs.extend([pair("accent-text", "accent"), pair("accent-text", "accent-hover"), pair("accent", "accent-soft")]);
    assert_eq!(shortfalls(&pairs, 4.5), Vec::<String>::new());
}

#[test]
fn bars_dots_and_edges_of_controls_keep_three_to_one() {
    let mut pairs: Vec<_> = NAMES.iter().map(|name| pair(&format!("cal-{name}"), "surface")).collect();
    pairs.extend([pair("line-strong", "surface"), pair("line-strong", "surface-raised"), pair("now", "surface")]);
    assert_eq!(shortfalls(&pairs, 3.0), Vec::<String>::new());
}

#[test]
fn the_full_colours_are_those_that_providers_colours_are_matched_against() {
    let tokens = tokens();
    for (name, rgb) in NAMES.iter().zip(RGB) {
        assert_eq!(tokens[&format!("cal-{name}")][0], rgb, "{name}");
    }
}
