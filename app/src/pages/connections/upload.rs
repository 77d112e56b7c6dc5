//! An uploaded file: a form as `multipart/form-data`.
//!
//! The browser sends it by itself (plainly or through `ui::form`); here it is read with a limit, so that neither a large file nor a
//! form that is not multipart does any harm. (The framework's own multipart encoding ends in a panic on a wrong content type.)

use crate::error::{WireError, WireKind};
use leptos::server_fn::codec::{Encoding, FromReq, IntoReq};
use leptos::server_fn::request::ClientReq;
use leptos::server_fn::{ContentType, error::FromServerFnError, error::ServerFnErrorErr};
use std::fmt;
use syncline_domain::failure::Problem;

/// The encoding of a form that holds a file.
#[derive(Debug, Clone, Copy)]
pub struct FileForm;

impl ContentType for FileForm {
    const CONTENT_TYPE: &'static str = "multipart/form-data";
}

impl Encoding for FileForm {
    const METHOD: http::Method = http::Method::POST;
}

/// What a form with a file brought.
#[derive(Default)]
pub struct Upload {
    /// Texts by their field's name.
    pub texts: Vec<(String, String)>,
    /// The file's name and its bytes, when one was chosen.
    pub file: Option<(String, Vec<u8>)>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Upload").field("file", &self.file.as_ref().map(|(name, bytes)| (name, bytes.len()))).finish_non_exhaustive()
    }
}

impl Upload {
    /// What was typed into a field, unless it is empty.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name == field).map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
    }

    /// The file's name and its bytes.
    ///
    /// # Errors
    /// `feed_no_file` when none was chosen.
    pub fn take_file(&mut self) -> Result<(String, Vec<u8>), WireError> {
        self.file.take().ok_or_else(|| refused("feed_no_file", "No file was chosen.", "Choose an .ics file."))
    }
}

fn refused(code: &str, message: &str, action: &str) -> WireError {
    WireError::new(WireKind::Invalid, Problem::new(code, message, action))
}

/// A file form is sent by `ui::form` or by the browser itself, never by calling the function.
impl<R: ClientReq<WireError>> IntoReq<FileForm, R, WireError> for super::api::UploadFile {
    fn into_req(self, _path: &str, _accepts: &str) -> Result<R, WireError> {
        Err(WireError::from_server_fn_error(ServerFnErrorErr::Serialization("a file form is sent as a form".to_owned())))
    }
}

#[cfg(not(feature = "ssr"))]
impl<R: leptos::server_fn::request::Req<WireError> + Send + 'static> FromReq<FileForm, R, WireError> for super::api::UploadFile {
    async fn from_req(_request: R) -> Result<Self, WireError> {
        Ok(Upload::default().into())
    }
}

#[cfg(feature = "ssr")]
impl FromReq<FileForm, http::Request<axum::body::Body>, WireError> for super::api::UploadFile {
    async fn from_req(request: http::Request<axum::body::Body>) -> Result<Self, WireError> {
        Ok(read(request, MAX_FILE).await?.into())
    }
}

/// As large as a feed may be.
#[cfg(feature = "ssr")]
const MAX_FILE: usize = 20 * 1024 * 1024;

#[cfg(feature = "ssr")]
async fn read(mut request: http::Request<axum::body::Body>, limit: usize) -> Result<Upload, WireError> {
    use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, multipart::MultipartError};
    let broken = |error: MultipartError| match error.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => too_large(limit),
        _ => refused("upload_broken", "The upload did not arrive as a whole.", "Try again."),
    };
    // Room for the texts and the boundaries beside the file.
    DefaultBodyLimit::max(limit + 64 * 1024).apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| crate::ui::form::plain::bad_form())?;
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(ToOwned::to_owned);
        let bytes = field.bytes().await.map_err(broken)?;
        match file_name {
            // A form in which no file was chosen sends one without a name.
            Some(file_name) if !file_name.is_empty() && bytes.len() > limit => return Err(too_large_named(&file_name, limit)),
            Some(file_name) if !file_name.is_empty() => upload.file = Some((file_name, bytes.into())),
            Some(_) => {}
            None => upload.texts.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    Ok(upload)
}

#[cfg(feature = "ssr")]
fn too_large(limit: usize) -> WireError {
    too_large_named("The file", limit)
}

#[cfg(feature = "ssr")]
fn too_large_named(name: &str, limit: usize) -> WireError {
    let message =
        format!("{name} is larger than {} MB; that is too large to be a calendar, so nothing was taken over.", limit / 1024 / 1024);
    refused("too_large", &message, "Choose a smaller file, or export a shorter time.")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use axum::body::Body;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    /// Bodies in memory never wait.
    fn now<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("a body in memory made the reader wait"),
        }
    }

    fn form(parts: &[(&str, Option<&str>, &str)]) -> http::Request<Body> {
        let mut body = String::new();
        for (name, file, content) in parts {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"));
        }
        body.push_str("--x--\r\n");
        http::Request::post("/").header("content-type", "multipart/form-data; boundary=x").body(Body::from(body)).unwrap()
    }

    #[test]
    fn texts_and_the_file_are_read() {
        let mut upload = now(read(form(&[("name", None, " Work "), ("file", Some("work.ics"), "BEGIN:VCALENDAR")]), 1_000)).unwrap();
        assert_eq!(upload.text("name"), Some("Work"));
        assert_eq!(upload.take_file().unwrap(), ("work.ics".to_owned(), b"BEGIN:VCALENDAR".to_vec()));
    }

    #[test]
    fn a_form_without_a_chosen_file_says_so() {
        let mut upload = now(read(form(&[("file", Some(""), "")]), 1_000)).unwrap();
        assert_eq!(upload.take_file().unwrap_err().problem.code, "feed_no_file");
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let large = "x".repeat(1_001);
        assert_eq!(now(read(form(&[("file", Some("a.ics"), &large)]), 1_000)).unwrap_err().problem.code, "too_large");
        let huge = "x".repeat(100 * 1024);
        assert_eq!(now(read(form(&[("file", Some("a.ics"), &huge)]), 1_000)).unwrap_err().problem.code, "too_large");
    }

    #[test]
    fn a_body_that_is_no_such_form_is_refused_and_does_not_panic() {
        let plain = http::Request::post("/").header("content-type", "application/json").body(Body::from("{}")).unwrap();
        assert_eq!(now(read(plain, 1_000)).unwrap_err().problem.code, "invalid_input");
        let cut =
            http::Request::post("/").header("content-type", "multipart/form-data; boundary=x").body(Body::from("--x\r\nCont")).unwrap();
        assert_eq!(now(read(cut, 1_000)).unwrap_err().problem.code, "upload_broken");
    }
}
