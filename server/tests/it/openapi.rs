//! The description of REST is true.

use crate::fixture::{TestApp, send};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use syncline_server::openapi::ApiDoc;
use utoipa::OpenApi as _;

fn document() -> Value {
    serde_json::to_value(ApiDoc::openapi()).unwrap()
}

#[test]
fn every_address_is_described_and_every_description_has_an_address() {
    let described: BTreeSet<(String, String)> = document()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase())))
        .collect();
    let routed: BTreeSet<(String, String)> =
        syncline_server::router::endpoints().iter().map(|endpoint| (endpoint.path.to_owned(), endpoint.method.to_string())).collect();
    assert_eq!(described, routed);
}

#[tokio::test]
async fn every_described_address_is_served() {
    let app = TestApp::start().await;
    let account = app.account().await;
    for endpoint in syncline_server::router::endpoints().iter().filter(|endpoint| endpoint.path != "/api/sync/stream") {
        let path = endpoint.path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        let response = send(app.request(endpoint.method.clone(), &path).bearer_auth(&account.token)).await;
        let body = response.text().await.unwrap();
        assert!(!body.contains("no_such_address") && !body.contains("wrong_method"), "{} {path}: {body}", endpoint.method);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut open = vec![&document];
    let mut references = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("a reference inside the document");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    references += 1;
                }
                open.extend(fields.values());
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    assert!(references > 20, "{references}");
}

#[tokio::test]
async fn a_real_answer_has_the_described_fields() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let served: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    assert_eq!(served, document());
    let response = send(app.request(Method::GET, "/api/tokens").header("cookie", &account.cookie)).await;
    let answer: Value = response.json().await.unwrap();
    has_fields(&served, "ApiToken", &answer[0]);
    let refused: Value = app.get("/api/tokens").await.json().await.unwrap();
    has_fields(&served, "ProblemBody", &refused);
}

/// Every required field of a schema is there, and every field that is there is described.
pub(crate) fn has_fields(document: &Value, schema: &str, answer: &Value) {
    let (mut described, mut required) = (BTreeSet::new(), BTreeSet::new());
    collect(document, &document["components"]["schemas"][schema], &mut described, &mut required);
    let answer: BTreeSet<String> = answer.as_object().unwrap_or_else(|| panic!("no object: {answer}")).keys().cloned().collect();
    assert!(!described.is_empty(), "{schema} is not described");
    assert!(required.is_subset(&answer), "{schema}: {required:?} not in {answer:?}");
    assert!(answer.is_subset(&described), "{schema}: {answer:?} not in {described:?}");
}

fn collect(document: &Value, schema: &Value, described: &mut BTreeSet<String>, required: &mut BTreeSet<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        return collect(document, target, described, required);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(document, part, described, required);
    }
    described.extend(schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()));
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)));
}
