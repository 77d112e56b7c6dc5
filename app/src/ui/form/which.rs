//! Beside which field a problem is shown: pure.

/// The fields that a problem can stand beside, by its code; the first one that the form has takes it. Empty: it is about
/// the form as a whole.
#[must_use]
pub fn fields_of(code: &str) -> &'static [&'static str] {
    match code {
        "wrong_password" | "weak_password" => &["password", "new", "old"],
        "wrong_credentials" => &["old", "password"],
        "invalid_email" | "email_taken" => &["email"],
        "invalid_name" | "too_long_name" => &["name"],
        "unknown_zone" => &["time_zone", "second_zone"],
        "too_large" | "damaged_answer" => &["address", "file"],
        "bad_address" | "private_address" | "unknown_host" | "connection_refused" | "connection_broken" | "timeout" | "tls_error"
        | "too_many_redirects" | "redirect_loop" | "bad_redirect" | "insecure_redirect" | "insecure_login" | "foreign_host"
        | "not_caldav" | "no_calendars" | "not_found" | "unexpected_status" | "server_error" | "rate_limited" => &["address"],
        code if code.starts_with("feed_") => &["address", "file"],
        _ => &[],
    }
}

/// The field of a form that takes a problem.
#[must_use]
pub fn field_in(form: &[&str], code: &str) -> Option<&'static str> {
    fields_of(code).iter().copied().find(|field| form.contains(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_stands_beside_the_field_that_it_is_about() {
        let caldav = ["address", "username", "password"];
        assert_eq!(field_in(&caldav, "wrong_password"), Some("password"));
        assert_eq!(field_in(&caldav, "private_address"), Some("address"));
        assert_eq!(field_in(&caldav, "database_failed"), None);
        assert_eq!(field_in(&["file", "name"], "feed_is_html"), Some("file"));
        assert_eq!(field_in(&["address", "name"], "feed_is_html"), Some("address"));
        assert_eq!(field_in(&["old", "new"], "weak_password"), Some("new"));
    }

    #[test]
    fn a_problem_of_no_field_in_the_form_is_about_the_whole_form() {
        assert_eq!(field_in(&["name"], "wrong_password"), None);
    }
}
