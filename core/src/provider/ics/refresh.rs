//! How often a feed wants to be asked.

use http::HeaderMap;
use http::header::CACHE_CONTROL;

/// No feed is asked more often because of its own hint, and none less than once a day.
const BOUNDS: (u64, u64) = (15 * 60, 24 * 3600);

/// Seconds until the next fetch: the feed's own wish (`REFRESH-INTERVAL`, RFC 7986 §5.7, or `X-PUBLISHED-TTL`), and never sooner than
/// the host lets its answer be cached (`max-age`). A short `max-age` is no wish to be asked often, so it alone says nothing.
pub(super) fn next_sync_s(wished: Option<u64>, headers: &HeaderMap) -> Option<u64> {
    let cached = max_age(headers).filter(|seconds| *seconds > BOUNDS.0);
    let wished = wished.filter(|seconds| *seconds > 0);
    wished.max(cached).map(|seconds| seconds.clamp(BOUNDS.0, BOUNDS.1))
}

fn max_age(headers: &HeaderMap) -> Option<u64> {
    let text =
        headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let mut directives = text.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-cache" | "no-store")) {
        return None;
    }
    directives.find_map(|directive| directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn next(wished: Option<u64>, cache: &'static str) -> Option<u64> {
        next_sync_s(wished, &HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(cache))]))
    }

    #[test]
    fn the_wish_of_a_feed_is_kept_between_a_quarter_of_an_hour_and_a_day() {
        assert_eq!(next(Some(3600), ""), Some(3600));
        assert_eq!(next(Some(60), ""), Some(900));
        assert_eq!(next(Some(7 * 86_400), ""), Some(86_400));
        assert_eq!(next(Some(0), ""), None);
        assert_eq!(next(None, ""), None);
    }

    #[test]
    fn a_long_max_age_puts_the_next_fetch_off_and_a_short_one_does_nothing() {
        assert_eq!(next(None, "public, Max-Age=43200"), Some(43_200));
        assert_eq!(next(Some(3600), "max-age=43200"), Some(43_200));
        assert_eq!(next(Some(3600), "max-age=60"), Some(3600));
        assert_eq!(next(None, "max-age=300"), None);
        assert_eq!(next(None, "max-age=43200, no-cache"), None);
    }
}
