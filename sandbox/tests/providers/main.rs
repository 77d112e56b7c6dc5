//! The stand-ins for Google, Microsoft and Calendly: they answer in the official form, and refuse what the real ones refuse.

mod calendly_book;
mod calendly_push;
mod calendly_read;
mod faults;
mod google_calendars;
mod google_changes;
mod google_list;
mod google_push;
mod google_write;
mod microsoft_delta;
mod microsoft_push;
mod microsoft_read;
mod microsoft_write;
mod oauth;
mod oauth_tokens;
mod samples;
mod support;
