//! Search: a walk from now into the future and another into the past, each along the index by start, until enough is found.
//!
//! The database looks for the longest word in the events' JSON and lets through too much rather than too little (its notion of
//! upper and lower case may end at ASCII, and the JSON has names of fields in it); what matches is decided here.

use super::grid::Lines;
use super::text;
use crate::error::Error;
use crate::store::Db;
use crate::store::occurrences::{Place, Row, Towards, walk};
use serde::Deserialize;
use std::borrow::Cow;
use syncline_domain::ids::UserId;
use syncline_domain::time::Millis;
use syncline_domain::view::GridEvent;

/// Words beyond these are not looked at.
const MAX_WORDS: usize = 12;
/// Rows that are read at once.
const BATCH: i64 = 200;

/// What somebody searches for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// In lower case; never empty.
    words: Vec<String>,
    /// A LIKE pattern that all matches fulfil.
    like: String,
}

impl Wanted {
    /// `None` for a text without words.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().take(MAX_WORDS).map(str::to_lowercase).collect();
        let (_, like) = words.iter().map(|word| pattern(word)).max_by_key(|(certain, _)| *certain)?;
        Some(Self { words, like })
    }

    /// What all matches fulfil, for a look at the events alone.
    pub(super) fn like(&self) -> &str {
        &self.like
    }

    fn is_in(&self, row: &Row) -> bool {
        let searched: Searched<'_> = serde_json::from_str(&row.content).unwrap_or_default();
        let mut hay = searched.title.to_lowercase();
        for text in [searched.location, searched.description.map(|text| Cow::Owned(text::plain(&text)))].into_iter().flatten() {
            hay.push('\n');
            hay.push_str(&text.to_lowercase());
        }
        self.words.iter().all(|word| hay.contains(word))
    }
}

#[derive(Deserialize, Default)]
struct Searched<'a> {
    #[serde(default, borrow)]
    title: Cow<'a, str>,
    #[serde(default, borrow)]
    location: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    description: Option<Cow<'a, str>>,
}

/// The number of characters that the pattern of a word is sure of, and the pattern: letters and digits of which all databases
/// think alike. What they may fold differently, what JSON escapes and where HTML may have a tag or an entity is a wildcard; so
/// are LIKE's own wildcards, and none has to be escaped.
fn pattern(word: &str) -> (usize, String) {
    let mut like = "%".to_owned();
    let mut certain = 0;
    for at in word.chars() {
        let caseless = at.is_alphanumeric() && !at.is_lowercase() && !at.is_uppercase();
        if at.is_ascii_alphanumeric() || caseless {
            like.push(at);
            certain += 1;
        } else if !like.ends_with('%') {
            like.push('%');
        }
    }
    if !like.ends_with('%') {
        like.push('%');
    }
    (certain, like)
}

/// The occurrences that match, nearest to `now` first.
pub(super) async fn nearest(
    db: &Db,
    user: &UserId,
    wanted: &Wanted,
    lines: &Lines<'_>,
    now: Millis,
    limit: usize,
) -> Result<Vec<GridEvent>, Error> {
    let mut found = Vec::new();
    for towards in [Towards::Future, Towards::Past] {
        let (mut place, mut missing) = (Place::at(now), limit);
        while missing > 0 {
            let rows = walk(db, user, towards, &place, &wanted.like, BATCH).await?;
            let more = rows.len() as i64 == BATCH;
            if let Some(last) = rows.last() {
                place = Place::behind(last);
            }
            let matching = rows.into_iter().filter(|row| wanted.is_in(row));
            let hits = matching.filter_map(|row| Some((row.start_at.abs_diff(now), lines.line(row)?))).take(missing);
            let before = found.len();
            found.extend(hits);
            missing -= found.len() - before;
            if !more {
                break;
            }
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, line)| line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_of_the_longest_certain_word() {
        let like = |text: &str| Wanted::parse(text).map(|wanted| wanted.like);
        assert_eq!(like("  \t "), None);
        assert_eq!(like("Team MEETING at").as_deref(), Some("%meeting%"));
        assert_eq!(like("100%_sure").as_deref(), Some("%100%sure%"));
        assert_eq!(like("50%").as_deref(), Some("%50%"));
        assert_eq!(like("%_").as_deref(), Some("%"));
        assert_eq!(like("Müller").as_deref(), Some("%m%ller%"));
        assert_eq!(like("ВСТРЕЧА").as_deref(), Some("%"));
        assert_eq!(like("会議").as_deref(), Some("%会議%"));
        assert_eq!(like("a\"b\\c").as_deref(), Some("%a%b%c%"));
    }
}
