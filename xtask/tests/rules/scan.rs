//! A scanner that tells Rust code from its comments and literals. It knows just enough of the language for the rules.

/// A Rust file taken apart. All parts keep their line numbers.
pub(crate) struct Scanned {
    /// The code, with comments and the insides of literals blanked out.
    pub code: String,
    /// Line (from 1) and text of every comment.
    pub comments: Vec<(usize, String)>,
    /// Line (from 1) and text of every string literal.
    pub strings: Vec<(usize, String)>,
}

/// Takes a file apart.
pub(crate) fn scan(text: &str) -> Scanned {
    let chars: Vec<char> = text.chars().collect();
    let mut scanned = Scanned { code: String::with_capacity(text.len()), comments: Vec::new(), strings: Vec::new() };
    let (mut at, mut line, mut counted) = (0, 1, 0);
    while at < chars.len() {
        line += chars[counted..at].iter().filter(|c| **c == '\n').count();
        counted = at;
        if let Some(end) = comment_end(&chars, at) {
            scanned.comments.push((line, chars[at..end].iter().collect()));
            blank(&mut scanned.code, &chars[at..end]);
            at = end;
        } else if let Some((open, close, end)) = string_bounds(&chars, at) {
            scanned.strings.push((line, chars[open..close].iter().collect()));
            scanned.code.extend(&chars[at..open]);
            blank(&mut scanned.code, &chars[open..close]);
            scanned.code.extend(&chars[close..end]);
            at = end;
        } else if let Some(end) = char_end(&chars, at) {
            blank(&mut scanned.code, &chars[at..end]);
            at = end;
        } else {
            scanned.code.push(chars[at]);
            at += 1;
        }
    }
    scanned
}

impl Scanned {
    /// The code without what is compiled for tests only.
    pub(crate) fn production_code(&self) -> String {
        let mut code = self.code.clone();
        for marker in ["#[cfg(test)]", "#[cfg(any(test", "#[cfg(all(test", "#[test]", "#[tokio::test"] {
            let mut from = 0;
            while let Some(start) = code[from..].find(marker).map(|found| from + found) {
                let end = item_end(&code, start);
                let blanked: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
                code.replace_range(start..end, &blanked);
                from = start + blanked.len();
            }
        }
        code
    }
}

/// Line (from 1) of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text[..offset].bytes().filter(|byte| *byte == b'\n').count()
}

/// The end of the item that starts at `start`: after its block, or after the semicolon when it has none.
pub(crate) fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    // Attributes and argument lists may hold semicolons (`[u8; 3]`) and must not end the item.
    let mut inside = 0_usize;
    for (offset, character) in code[start..].char_indices() {
        match character {
            '(' | '[' => inside += 1,
            ')' | ']' => inside = inside.saturating_sub(1),
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + offset + 1;
                }
            }
            ';' if depth == 0 && inside == 0 => return start + offset + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(code: &mut String, chars: &[char]) {
    code.extend(chars.iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
}

fn comment_end(chars: &[char], at: usize) -> Option<usize> {
    match (chars[at], chars.get(at + 1)) {
        ('/', Some('/')) => Some(chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)),
        ('/', Some('*')) => {
            let (mut depth, mut end) = (1, at + 2);
            while end < chars.len() && depth > 0 {
                match (chars[end], chars.get(end + 1)) {
                    ('/', Some('*')) => (depth, end) = (depth + 1, end + 2),
                    ('*', Some('/')) => (depth, end) = (depth - 1, end + 2),
                    _ => end += 1,
                }
            }
            Some(end)
        }
        _ => None,
    }
}

/// For a string literal at `at` (prefix included): where its inside begins and ends, and where the literal ends.
fn string_bounds(chars: &[char], at: usize) -> Option<(usize, usize, usize)> {
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let mut open = at;
    if !after_word {
        open += usize::from(matches!(chars.get(open), Some('b' | 'c')));
        if chars.get(open) == Some(&'r') {
            let hashes = chars[open + 1..].iter().take_while(|c| **c == '#').count();
            if chars.get(open + 1 + hashes) == Some(&'"') {
                let inside = open + 2 + hashes;
                let closes =
                    |end: usize| chars[end] == '"' && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
                let close = (inside..chars.len()).find(|end| closes(*end)).unwrap_or(chars.len());
                return Some((inside, close, (close + 1 + hashes).min(chars.len())));
            }
            return None;
        }
    }
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let mut close = open + 1;
    while close < chars.len() && chars[close] != '"' {
        close += if chars[close] == '\\' { 2 } else { 1 };
    }
    let close = close.min(chars.len());
    Some((open + 1, close, (close + 1).min(chars.len())))
}

/// The end of a character literal; lifetimes are none.
fn char_end(chars: &[char], at: usize) -> Option<usize> {
    if chars[at] != '\'' {
        return None;
    }
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => (at + 3..chars.len()).find(|end| chars[*end] == '\'').map(|end| end + 1),
        (Some(_), Some('\'')) => Some(at + 3),
        _ => None,
    }
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let scanned = scan(
        "let a = \"x.unwrap() // no\"; // say .unwrap()\nlet c = '\"'; let r = r#\"raw \" text\"#; /* a /* b */ c */ fn f<'a>(b: &'a str) {}",
    );
    assert_eq!(
        scanned.strings.iter().map(|(line, text)| (*line, text.as_str())).collect::<Vec<_>>(),
        [(1, "x.unwrap() // no"), (2, "raw \" text")]
    );
    assert_eq!(
        scanned.comments.iter().map(|(line, text)| (*line, text.as_str())).collect::<Vec<_>>(),
        [(1, "// say .unwrap()"), (2, "/* a /* b */ c */")]
    );
    assert!(!scanned.code.contains("unwrap") && scanned.code.contains("fn f<'a>(b: &'a str) {}"), "{}", scanned.code);
}

#[test]
fn code_for_tests_is_left_out() {
    let code =
        scan("fn a() { x.unwrap() }\n#[cfg(test)]\nmod tests { fn b() { if c { y.unwrap() } } }\n#[cfg(test)]\nuse z::unwrap;\nfn d() {}")
            .production_code();
    assert!(code.contains("x.unwrap()") && !code.contains("y.unwrap()") && !code.contains("use z") && code.contains("fn d() {}"), "{code}");
}
