//! Text from providers, cut into words and links.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// To be shown as it is.
    Text(&'a str),
    /// An address that begins with `http://` or `https://`; nothing else is ever a link.
    Link(&'a str),
}

/// Finds the web addresses in a plain text. Joined together, the pieces are the text again.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = next_address(rest) {
        let (before, from) = rest.split_at(at);
        let long = address_length(from);
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Link(&from[..long]));
        rest = &from[long..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

/// Where the next address begins: after a scheme there has to be at least one character of a host.
fn next_address(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| at + from) {
        let tail = &text[at..];
        let host = tail.strip_prefix("https://").or_else(|| tail.strip_prefix("http://"));
        let starts_word = !text[..at].ends_with(|before: char| before.is_alphanumeric());
        if starts_word && host.is_some_and(|host| host.starts_with(char::is_alphanumeric)) {
            return Some(at);
        }
        from = at + 4;
    }
    None
}

/// Up to the next blank, quote or angle bracket, without the punctuation that ends a sentence and without a closing bracket
/// that was not opened inside.
fn address_length(text: &str) -> usize {
    let end = text.find(|next: char| next.is_whitespace() || matches!(next, '<' | '>' | '"' | '\u{a0}')).unwrap_or(text.len());
    let mut address = &text[..end];
    while let Some(last) = address.chars().last() {
        let drop = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' => true,
            ')' => address.matches('(').count() < address.matches(')').count(),
            ']' => address.matches('[').count() < address.matches(']').count(),
            _ => false,
        };
        if !drop {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address.len()
}

#[cfg(test)]
mod tests {
    use super::Piece::{Link, Text};
    use super::*;

    #[test]
    fn addresses_are_found_without_the_punctuation_around_them() {
        assert_eq!(pieces("See https://a.example/b?c=d."), [Text("See "), Link("https://a.example/b?c=d"), Text(".")]);
        assert_eq!(pieces("(http://a.example/x_(y))!"), [Text("("), Link("http://a.example/x_(y)"), Text(")!")]);
        assert_eq!(pieces("<https://a.example>"), [Text("<"), Link("https://a.example"), Text(">")]);
        assert_eq!(pieces("https://ä.example/ü end"), [Link("https://ä.example/ü"), Text(" end")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn nothing_but_http_and_https_is_a_link() {
        for text in
            ["javascript:alert(1)", "data:text/html,x", "http:// nothing", "xhttps://a.example", "HTTPS://A", "http", "ftp://a.example"]
        {
            assert_eq!(pieces(text), [Text(text)], "{text}");
        }
    }

    #[test]
    fn the_pieces_are_the_text_again() {
        for text in ["a https://b.example, c http://d.example\nhttps://", "httphttps://x.example...", "é https://é"] {
            let joined: String = pieces(text)
                .iter()
                .map(|piece| match piece {
                    Text(part) | Link(part) => *part,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }
}
