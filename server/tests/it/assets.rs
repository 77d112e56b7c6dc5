//! Static files: encodings, caching, nothing from outside of the site.

use crate::fixture::{TestApp, header, send};
use reqwest::Method;
use syncline_server::config::WebArgs;
use tempfile::TempDir;

fn site() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("pkg")).unwrap();
    for (name, text) in [
        ("pkg/syncline.css", "body { color: red }"),
        ("pkg/syncline.css.br", "not really brotli"),
        ("pkg/syncline.css.gz", "not really gzip"),
        ("pkg/syncline.wasm", "\0asm"),
        ("favicon.svg", "<svg/>"),
        (".hidden", "secret"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

async fn start(folder: &TempDir) -> TestApp {
    TestApp::start_with(WebArgs { site_dir: Some(folder.path().to_owned()), ..WebArgs::default() }).await
}

#[tokio::test]
async fn a_file_is_sent_in_the_best_encoding_that_the_browser_takes() {
    let folder = site();
    let app = start(&folder).await;
    for (accepts, encoding, text) in
        [("gzip, deflate, br", "br", "not really brotli"), ("gzip", "gzip", "not really gzip"), ("identity", "", "body { color: red }")]
    {
        let response = send(raw(&app, "/pkg/syncline.css").header("accept-encoding", accepts)).await;
        assert_eq!(header(&response, "content-type"), "text/css; charset=utf-8");
        assert_eq!(header(&response, "content-encoding"), encoding);
        assert_eq!(header(&response, "vary"), "accept-encoding");
        assert_eq!(response.text().await.unwrap(), text);
    }
    let wasm = app.get("/pkg/syncline.wasm").await;
    assert_eq!(header(&wasm, "content-type"), "application/wasm");
}

fn raw(app: &TestApp, path: &str) -> reqwest::RequestBuilder {
    app.request(Method::GET, path)
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_and_a_version_is_kept_for_ever() {
    let folder = site();
    let app = start(&folder).await;
    let first = app.get("/pkg/syncline.css").await;
    assert_eq!(header(&first, "cache-control"), "no-cache");
    let tag = header(&first, "etag").to_owned();
    let again = send(raw(&app, "/pkg/syncline.css").header("if-none-match", &tag)).await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.text().await.unwrap(), "");
    let other = send(raw(&app, "/pkg/syncline.css").header("if-none-match", &tag).header("accept-encoding", "br")).await;
    assert_eq!(other.status(), 200, "another encoding has another tag");

    let page = app.get("/setup").await.text().await.unwrap();
    let address = page.split('"').find(|part| part.starts_with("/pkg/syncline.css?v=")).expect("the page links its stylesheet").to_owned();
    let versioned = app.get(&address).await;
    assert_eq!(versioned.status(), 200);
    assert!(header(&versioned, "cache-control").contains("immutable"));
}

#[tokio::test]
async fn an_icon_is_served_and_nothing_else_of_the_machine() {
    let folder = site();
    let app = start(&folder).await;
    let icon = app.get("/favicon.svg").await;
    assert_eq!((icon.status().as_u16(), header(&icon, "content-type")), (200, "image/svg+xml"));
    for path in ["/.hidden", "/pkg/..%2f.hidden", "/pkg/%2e%2e/.hidden", "/pkg", "/pkg/nothing.js"] {
        let text = app.get(path).await.text().await.unwrap();
        assert!(!text.contains("secret"), "{path}");
    }
    assert_eq!(app.get("/pkg/nothing.js").await.status(), 404);
}
