//! Descriptions as plain text. Providers send text or HTML in the same field; the page shows text alone, so that nothing that
//! somebody put into an invitation ever runs or loads. Pure, and linear in the length.

use url::Url;

/// A description as text: HTML becomes lines, lists and links in brackets; anything else stays as it is.
pub(super) fn plain(text: &str) -> String {
    let unified = text.replace("\r\n", "\n");
    if looks_like_html(&unified) { Reader::default().read(&unified) } else { unified.trim().to_owned() }
}

/// A link that may be followed: http and https only.
pub(super) fn web_link(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// Elements that make a text HTML. `<anna@example.org>` and `a < b` do not.
const TAGS: [&str; 37] = [
    "a",
    "b",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "html-blob",
    "i",
    "img",
    "li",
    "meta",
    "ol",
    "p",
    "pre",
    "script",
    "span",
    "strong",
    "style",
    "table",
    "td",
    "tr",
    "u",
    "ul",
    "o:p",
];

fn looks_like_html(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let inner = &text[at + 1..];
        let name = tag_name(inner.strip_prefix('/').unwrap_or(inner));
        !name.is_empty() && TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name))
    })
}

/// The name at the beginning of a tag's inside; empty when it is none.
fn tag_name(inner: &str) -> &str {
    let end = inner.find(|at: char| !(at.is_ascii_alphanumeric() || at == '-' || at == ':')).unwrap_or(inner.len());
    let name = &inner[..end];
    let closed = inner[end..].chars().next().is_some_and(|next| next.is_whitespace() || next == '>' || next == '/');
    if closed && name.starts_with(|at: char| at.is_ascii_alphabetic()) { name } else { "" }
}

#[derive(Default)]
struct Reader {
    out: String,
    /// Line breaks that are due before the next text: at most 2.
    breaks: usize,
    /// White space is due before the next text.
    space: bool,
    /// Inside `<pre>`.
    verbatim: bool,
    /// Where the open link's text begins, and its address.
    link: Option<(usize, String)>,
}

impl Reader {
    fn read(mut self, text: &str) -> String {
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            self.text(&rest[..at]);
            rest = &rest[at..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            let markup = rest[1..].starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
            let Some(end) = markup.then(|| tag_end(rest)).flatten() else {
                self.text("<");
                rest = &rest[1..];
                if markup {
                    break; // no tag ends from here on
                }
                continue;
            };
            let inner = &rest[1..end];
            rest = &rest[end + 1..];
            let name =
                inner.split(|at: char| at.is_whitespace() || at == '/').find(|part| !part.is_empty()).unwrap_or("").to_ascii_lowercase();
            let closing = inner.starts_with('/');
            if !closing && matches!(name.as_str(), "script" | "style" | "head" | "title") {
                rest = skip_element(rest, &name);
            } else {
                self.tag(&name, closing, inner);
            }
        }
        self.text(rest);
        self.out.trim().to_owned()
    }

    fn text(&mut self, raw: &str) {
        let text = html_escape::decode_html_entities(raw);
        for at in text.chars() {
            if self.verbatim && at == '\n' {
                self.breaks = 2.min(self.breaks + 1);
            } else if at.is_whitespace() {
                self.space = true;
            } else if !at.is_control() {
                self.flush();
                self.out.push(at);
            }
        }
    }

    /// Writes the white space that is due.
    fn flush(&mut self) {
        if self.breaks > 0 && !self.out.is_empty() {
            self.out.push_str(if self.breaks > 1 { "\n\n" } else { "\n" });
        } else if self.space && !self.out.is_empty() {
            self.out.push(' ');
        }
        (self.breaks, self.space) = (0, false);
    }

    fn tag(&mut self, name: &str, closing: bool, inner: &str) {
        match name {
            "br" => self.breaks = 2.min(self.breaks + 1),
            "hr" | "div" | "tr" | "center" | "html-blob" => self.breaks = self.breaks.max(1),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "blockquote" => self.breaks = 2,
            "ul" | "ol" => self.breaks = self.breaks.max(1),
            "pre" => (self.breaks, self.verbatim) = (2, !closing),
            "td" | "th" => self.space = true,
            "li" => {
                self.breaks = self.breaks.max(1);
                if !closing {
                    self.flush();
                    self.out.push('•');
                    self.space = true;
                }
            }
            "a" if closing => self.close_link(),
            "a" => {
                self.close_link();
                self.link = attribute(inner, "href").and_then(|href| web_link(&href)).map(|href| (self.out.len(), href));
            }
            _ => {}
        }
    }

    /// Adds the address to a link whose text does not say it.
    fn close_link(&mut self) {
        let Some((begin, href)) = self.link.take() else { return };
        let bare = |text: &str| text.trim().trim_end_matches('/').trim_start_matches("https://").trim_start_matches("http://").to_owned();
        if bare(&self.out[begin..]) != bare(&href) {
            let empty = self.out[begin..].trim().is_empty();
            self.space = true;
            self.flush();
            self.out.push_str(&if empty { href } else { format!("({href})") });
        }
    }
}

/// Where the `>` of the tag is that `text` begins with; one inside quotes does not count, unless the quote never ends.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    text.find('>')
}

/// What follows the end of an element whose content is not text.
fn skip_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

/// The value of an attribute, decoded.
fn attribute(inner: &str, name: &str) -> Option<String> {
    let lower = inner.to_ascii_lowercase();
    let value = lower.match_indices(name).find_map(|(at, _)| {
        let value = inner[at + name.len()..].trim_start().strip_prefix('=')?;
        inner[..at].ends_with(char::is_whitespace).then(|| value.trim_start())
    })?;
    let text = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(char::is_whitespace).next()?,
    };
    Some(html_escape::decode_html_entities(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_html_stays_as_it_is() {
        for text in
            ["Bring figures.\n  And cake.", "a < b && c > d", "Anna <anna@example.org>", "<https://example.org/x>", "&nbsp; stays", "1 <2>"]
        {
            assert_eq!(plain(text), text, "{text}");
        }
        assert_eq!(plain(" one\r\ntwo \r\n"), "one\ntwo");
    }

    #[test]
    fn html_becomes_lines_lists_and_links() {
        for (html, text) in [
            ("Hello<br>world<BR/>again", "Hello\nworld\nagain"),
            ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
            ("<div>One</div>\n<div>Two</div>", "One\nTwo"),
            ("Bring:<ul><li>figures</li><li><b>cake</b></li></ul>Thanks", "Bring:\n• figures\n• cake\nThanks"),
            ("<a href=\"https://example.org/a?b=1&amp;c=2\">Join</a> now", "Join (https://example.org/a?b=1&c=2) now"),
            ("<a href='https://example.org/'>https://example.org</a>", "https://example.org"),
            ("<a data-href=\"x\" href=https://example.org/x></a>", "https://example.org/x"),
            ("M&uuml;ller&nbsp;&#8211;&#x20AC; <b>b</b>", "Müller –€ b"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<pre>a\nb\n\n\nc</pre>", "a\nb\n\nc"),
            ("<p>a</p><br><br><br><p>b</p>", "a\n\nb"),
            ("Fish &amp; <i>chips</i>, 3 < 4", "Fish & chips, 3 < 4"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    #[test]
    fn nothing_that_could_run_is_left() {
        for (html, text) in [
            ("<b>a</b><script>alert('</b>')</script>c", "ac"),
            ("<style>p { color: red }</style><p>a</p>", "a"),
            ("<b>a</b><!-- <script>x</script> -->c<!-- open", "ac"),
            ("<a href=\"javascript:alert(1)\">here</a>", "here"),
            ("<img src=x onerror=\"a>b\">text", "text"),
            ("<b>&lt;script&gt;</b>", "<script>"),
            ("<b>a</b><b c=\"d>e", "ae"),
            ("<b>a</b><b no end", "a<b no end"),
            ("<b>a</b><script>never closed", "a"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    #[test]
    fn long_broken_markup_is_read_in_one_pass() {
        for part in ["<a ", "<a \">", "<a '\">", "<!--", "</", "<b><script></", "<a href=", "&amp", "href "] {
            let text = format!("<b>x</b><a {}", part.repeat(200_000 / part.len()));
            let begun = std::time::Instant::now();
            plain(&text);
            assert!(begun.elapsed().as_secs() < 5, "{part}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "(<[a-z/!\\-]{0,8}|[>\"'&;=]|href|<script>|</script>|\\PC){0,40}") {
            let read = plain(&text);
            proptest::prop_assert!(read.len() <= 2 * text.len() + 64);
            plain(&format!("<p>{text}"));
        }
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(web_link(" https://example.org/x ").as_deref(), Some("https://example.org/x"));
        assert_eq!(web_link("HTTP://EXAMPLE.org").as_deref(), Some("http://example.org/"));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "example.org", "file:///etc/passwd", "ftp://example.org", "//example.org", ""]
        {
            assert_eq!(web_link(bad), None, "{bad}");
        }
    }
}
