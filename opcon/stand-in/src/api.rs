//! Implements the calls of the OpCon REST API, and the control calls of the stand-in.
//!
//! Paths are case-insensitive, because OpCon's clients write them differently.

use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::expression::{self, Name};
use crate::fault::Fault;
use crate::state::{Property, State};

/// The version that the stand-in reports.
const VERSION: &str = "25.0.3";

/// A request, and the valid token.
pub(crate) struct Call<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) body: &'a [u8],
    pub(crate) token: &'a str,
}

/// A response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) content_type: String,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Reply { status, body: body.to_string(), content_type: "application/json".into() }
    }

    /// OpCon's error format: a list.
    fn error(status: u16, message: &str) -> Self {
        Reply::json(status, &json!([{ "resource": null, "name": null, "code": status, "message": message }]))
    }
}

/// Answers a call.
pub(crate) fn reply(call: &Call<'_>, state: &mut State) -> Reply {
    let path = call.head.uri.path().to_ascii_lowercase();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let result = match (call.head.method.as_str(), steps.as_slice()) {
        (method, ["stand-in", step]) => own(method, step, call, state),
        ("GET", ["api", "version"]) => Ok(json!({ "opConRestApiProductVersion": VERSION })),
        ("POST", ["api", "tokens"]) => log_in(call),
        (_, ["api", ..]) if !has_token(call) => return Reply::error(401, "Invalid token specified"),
        ("GET", ["api", "tokens"]) => Ok(json!([{ "id": call.token, "tokenType": { "type": "Application" } }])),
        ("POST", ["api", "propertyexpression"]) => evaluate(call, state),
        ("GET", ["api", "globalproperties"]) => globals(call, state),
        ("POST", ["api", "globalproperties"]) => create_global(call, state),
        ("GET", ["api", "globalproperties", id]) => global(state, id),
        ("PUT", ["api", "globalproperties", id]) => change_global(call, state, id),
        _ => Err((404, "unknown call".into())),
    };
    match result {
        Ok(body) => Reply::json(200, &body),
        Err((status, message)) => Reply::error(status, &message),
    }
}

/// The body of a response, or the status and message of an error.
type Outcome = Result<Value, (u16, String)>;

/// The calls that inspect and control the stand-in.
fn own(method: &str, step: &str, call: &Call<'_>, state: &mut State) -> Outcome {
    match (method, step) {
        ("GET", "properties") => Ok(json!(state.values())),
        ("GET", "requests") => Ok(state.requests()),
        ("POST", "reset") => {
            state.reset();
            Ok(json!({}))
        }
        ("POST", "behavior") => {
            state.set_behavior(body(call)?);
            Ok(json!({}))
        }
        ("POST", "faults") => {
            let fault: Fault = body(call)?;
            state.add_fault(fault);
            Ok(json!({}))
        }
        _ => Err((404, "unknown call".into())),
    }
}

fn has_token(call: &Call<'_>) -> bool {
    let expected = format!("Token {}", call.token);
    call.head.headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == expected.as_bytes())
}

/// Parses the body as JSON.
fn body<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, (u16, String)> {
    serde_json::from_slice(call.body).map_err(|error| (400, error.to_string()))
}

/// Returns the token for a valid request.
fn log_in(call: &Call<'_>) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct LogIn {
        user: User,
        token_type: TokenType,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct User {
        login_name: String,
        password: String,
    }
    #[derive(Deserialize)]
    struct TokenType {
        id: Option<String>,
        r#type: String,
    }
    let LogIn { user, token_type } = body(call)?;
    if user.login_name.is_empty() || user.password.is_empty() {
        return Err((401, "Invalid user or password".into()));
    }
    match (token_type.r#type.as_str(), &token_type.id) {
        ("Application", Some(_)) | ("User", None) => Ok(json!({
            "id": call.token,
            "user": { "loginName": user.login_name },
            "tokenType": { "id": token_type.id, "type": token_type.r#type },
            "validFrom": "2020-01-01T00:00:00.0000000Z",
            "validUntil": "2099-12-31T00:00:00.0000000Z",
        })),
        _ => Err((400, "the token's type is neither Application with an id nor User without".into())),
    }
}

fn evaluate(call: &Call<'_>, state: &mut State) -> Outcome {
    #[derive(Deserialize)]
    struct Request {
        expression: Option<String>,
    }
    let Request { expression } = body(call)?;
    let text = expression.ok_or((400, "expression is missing".to_owned()))?;
    Ok(match expression::parse(&text).and_then(|expression| state.evaluate(expression)) {
        Ok(result) => json!({ "expression": text, "result": result, "status": "Success", "message": "Evaluated" }),
        Err(message) => json!({ "expression": text, "result": null, "status": "Failed", "message": message }),
    })
}

/// Formats a global property for a response.
fn global_json(name: &str, property: &Property) -> Value {
    let Property { id, value, encrypted } = property;
    json!({ "id": id, "name": name, "value": value, "encrypted": encrypted })
}

/// The global properties, or those whose name matches the case-insensitive pattern `name`, in which `*` matches any
/// text.
fn globals(call: &Call<'_>, state: &State) -> Outcome {
    let query = call.head.uri.query().unwrap_or_default();
    let filters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let pattern = match filters.as_slice() {
        [] => "*",
        [(filter, pattern)] if filter == "name" => pattern,
        _ => return Err((400, "only the filter `name` is supported".into())),
    };
    let pattern = pattern.to_lowercase();
    let fitting = state.globals().filter(|(name, _)| fits(&name.to_lowercase(), &pattern));
    Ok(fitting.map(|(name, property)| global_json(name, property)).collect())
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(&name[at..], rest))
        }),
    }
}

/// The name of the global property with this ID.
fn global_name(state: &State, id: &str) -> Result<String, (u16, String)> {
    let found = state.globals().find(|(_, property)| property.id.to_string() == id);
    found.map(|(name, _)| name.to_owned()).ok_or((404, format!("there is no global property with the id {id}")))
}

fn global(state: &State, id: &str) -> Outcome {
    global_by_name(state, &global_name(state, id)?)
}

fn global_by_name(state: &State, name: &str) -> Outcome {
    let property = state.globals().find(|(other, _)| *other == name);
    property.map(|(name, property)| global_json(name, property)).ok_or((404, "gone".into()))
}

fn create_global(call: &Call<'_>, state: &mut State) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {
        name: String,
        value: String,
        #[serde(default)]
        encrypted: bool,
    }
    let New { name, value, encrypted } = body(call)?;
    if state.globals().any(|(other, _)| other == name) {
        return Err((400, format!("the global property {name} already exists")));
    }
    let property = store_global(state, &name, value)?;
    if encrypted {
        state.encrypt(&property);
    }
    global_by_name(state, &name)
}

fn change_global(call: &Call<'_>, state: &mut State, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Changed {
        id: u32,
        name: String,
        value: String,
    }
    let changed: Changed = body(call)?;
    if changed.name != global_name(state, id)? || changed.id.to_string() != id {
        return Err((400, "name and ids belong to different properties".into()));
    }
    store_global(state, &changed.name, changed.value)?;
    global_by_name(state, &changed.name)
}

fn store_global(state: &mut State, name: &str, value: String) -> Result<Name, (u16, String)> {
    let property = Name::global(name).map_err(|message| (400, message))?;
    if value.chars().count() > expression::MAX_VALUE {
        return Err((400, "the value is longer than 4000 characters".into()));
    }
    state.set(property.clone(), value);
    Ok(property)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "made-up-token";

    /// Calls the API with the token, and returns status and body of the response.
    fn call(state: &mut State, method: &str, uri: &str, body: Value) -> (u16, Value) {
        let request = hyper::Request::builder().method(method).uri(uri).header(AUTHORIZATION, format!("Token {TOKEN}"));
        send(state, request, &body.to_string())
    }

    fn send(state: &mut State, request: hyper::http::request::Builder, body: &str) -> (u16, Value) {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let Reply { status, body, .. } = reply(&Call { head: &head, body: body.as_bytes(), token: TOKEN }, state);
        (status, serde_json::from_str(&body).unwrap())
    }

    /// A global property in a response.
    fn shown(name: &str, id: u32, value: &str) -> Value {
        json!({ "id": id, "name": name, "value": value, "encrypted": false })
    }

    #[test]
    fn expressions_are_evaluated() {
        let state = &mut State::default();
        let (status, answer) = call(state, "POST", "/API/PropertyExpression", json!({ "expression": "[[A]]=\"x\"" }));
        assert_eq!((status, &answer["status"], &answer["message"]), (200, &json!("Success"), &json!("Evaluated")));
        let (_, answer) = call(state, "POST", "/api/propertyExpression", json!({ "expression": "[[OI.A]]" }));
        assert_eq!(answer["result"], "x");
        assert_eq!(call(state, "GET", "/stand-in/properties", json!(null)), (200, json!({ "A": "x" })));
    }

    #[test]
    fn a_bad_expression_fails_and_a_missing_one_is_a_bad_request() {
        let state = &mut State::default();
        let (status, answer) = call(state, "POST", "/api/propertyExpression", json!({ "expression": "[[B]]" }));
        assert_eq!((status, &answer["status"]), (200, &json!("Failed")));
        assert!(answer["message"].as_str().unwrap().contains("does not exist"));
        let (status, answer) = call(state, "POST", "/api/propertyExpression", json!({ "expression": null }));
        assert_eq!((status, &answer[0]["message"]), (400, &json!("expression is missing")));
    }

    #[test]
    fn all_but_version_and_log_in_needs_the_token() {
        let state = &mut State::default();
        for uri in ["/api/tokens", "/api/globalproperties", "/api/unknown"] {
            let (status, answer) = send(state, hyper::Request::builder().uri(uri), "");
            assert_eq!((status, &answer[0]["message"]), (401, &json!("Invalid token specified")), "{uri}");
        }
        let wrong = hyper::Request::builder().uri("/api/tokens").header(AUTHORIZATION, "Bearer made-up-token");
        assert_eq!(send(state, wrong, "").0, 401);
        let (status, answer) = send(state, hyper::Request::builder().uri("/api/version"), "");
        assert_eq!((status, answer), (200, json!({ "opConRestApiProductVersion": VERSION })));
        assert_eq!(call(state, "GET", "/api/tokens", json!(null)).0, 200);
        assert_eq!(call(state, "GET", "/api/unknown", json!(null)).0, 404);
    }

    #[test]
    fn a_login_returns_the_token() {
        let state = &mut State::default();
        let user = json!({ "loginName": "someone", "password": "made-up" });
        let log_in = |token_type: Value| json!({ "user": user, "tokenType": token_type });
        let (status, answer) =
            call(state, "POST", "/api/tokens", log_in(json!({ "id": "CONNECTORS", "type": "Application" })));
        assert_eq!((status, &answer["id"]), (200, &json!(TOKEN)));
        assert_eq!(call(state, "POST", "/api/tokens", log_in(json!({ "type": "User" }))).0, 200);
        assert_eq!(call(state, "POST", "/api/tokens", log_in(json!({ "type": "Application" }))).0, 400);
        assert_eq!(call(state, "POST", "/api/tokens", json!({ "tokenType": { "type": "User" } })).0, 400);
        let nobody = json!({ "user": { "loginName": "", "password": "" }, "tokenType": { "type": "User" } });
        assert_eq!(call(state, "POST", "/api/tokens", nobody).0, 401);
    }

    #[test]
    fn global_properties_are_created_found_and_changed() {
        let state = &mut State::default();
        let made = call(state, "POST", "/api/globalproperties", json!({ "name": "MF_ID_1", "value": "a" }));
        assert_eq!(made, (200, shown("MF_ID_1", 1, "a")));
        assert_eq!(call(state, "POST", "/api/globalproperties", json!({ "name": "MF_ID_1", "value": "b" })).0, 400);
        assert_eq!(call(state, "POST", "/api/globalproperties", json!({ "name": "$NOW", "value": "b" })).0, 400);
        let long = json!({ "name": "LONG", "value": "v".repeat(4001) });
        assert_eq!(call(state, "POST", "/api/globalproperties", long).0, 400);
        call(state, "POST", "/api/propertyExpression", json!({ "expression": "[[OTHER]]=\"o\"" }));
        call(state, "POST", "/api/propertyExpression", json!({ "expression": "[[MI.MF_ID.server]]=\"m\"" }));

        let (_, found) = call(state, "GET", "/api/globalproperties?name=mf*1", json!(null));
        assert_eq!(found, json!([shown("MF_ID_1", 1, "a")]));
        assert_eq!(call(state, "GET", "/api/globalproperties", json!(null)).1.as_array().unwrap().len(), 2);
        assert_eq!(call(state, "GET", "/api/globalproperties?name=MF+ID%5F1", json!(null)).1, json!([]));
        assert_eq!(call(state, "GET", "/api/globalproperties?sortby=name", json!(null)).0, 400);

        let change = json!({ "id": 1, "name": "MF_ID_1", "value": "b" });
        assert_eq!(call(state, "PUT", "/api/globalproperties/1", change.clone()).0, 200);
        assert_eq!(call(state, "GET", "/api/globalproperties/1", json!(null)).1, shown("MF_ID_1", 1, "b"));
        assert_eq!(call(state, "PUT", "/api/globalproperties/2", change).0, 400);
        assert_eq!(call(state, "GET", "/api/globalproperties/9", json!(null)).0, 404);
    }

    #[test]
    fn calls_for_global_properties_are_read_strictly() {
        let state = &mut State::default();
        let create = |state: &mut State, body| call(state, "POST", "/api/globalproperties", body);
        let (status, made) = create(state, json!({ "name": "A", "value": "x", "encrypted": true }));
        assert_eq!((status, &made["encrypted"]), (200, &json!(true)));
        assert_eq!(create(state, json!({ "key": "B", "value": "x" })).0, 400);
        assert_eq!(create(state, json!({ "name": "B", "value": "x", "encrypted": "true" })).0, 400);
        for wrong in [json!({ "name": "A", "value": "y" }), json!({ "id": 2, "name": "A", "value": "y" })] {
            assert_eq!(call(state, "PUT", "/api/globalproperties/1", wrong).0, 400);
        }
    }

    #[test]
    fn the_behavior_can_be_changed_and_outlives_a_reset() {
        let state = &mut State::default();
        let set_behavior = |state: &mut State, body| call(state, "POST", "/stand-in/behavior", body).0;
        let assign = |state: &mut State| {
            let (_, answer) = call(state, "POST", "/api/propertyExpression", json!({ "expression": "[[A]]=\" x \"" }));
            assert_eq!((&answer["status"], &answer["result"]), (&json!("Success"), &json!(" x ")));
            call(state, "GET", "/stand-in/properties", json!(null)).1
        };
        assert_eq!(set_behavior(state, json!({ "evaluate_only": true })), 200);
        assert_eq!(call(state, "POST", "/stand-in/reset", json!(null)).0, 200);
        assert_eq!(assign(state), json!({}));
        assert_eq!(set_behavior(state, json!({ "trims": true })), 200);
        assert_eq!(assign(state), json!({ "A": "x" }));
        assert_eq!(set_behavior(state, json!({})), 200);
        assert_eq!(assign(state), json!({ "A": " x " }));
        assert_eq!(set_behavior(state, json!({ "trim": true })), 400);
    }

    #[test]
    fn faults_are_read_strictly_and_counted() {
        let state = &mut State::default();
        let fault = json!({ "path": "/API/version", "skip": 1, "times": 2, "answer": "close" });
        assert_eq!(call(state, "POST", "/stand-in/faults", fault).0, 200);
        let cut: Vec<bool> = (0..4).map(|_| state.next_fault("/api/version").is_some()).collect();
        assert_eq!(cut, [false, true, true, false]);
        assert!(state.next_fault("/api/tokens").is_none());
        for wrong in
            [json!({ "path": "/x", "answer": "explode" }), json!({ "path": "/x", "answer": "close", "time": 1 })]
        {
            assert_eq!(call(state, "POST", "/stand-in/faults", wrong).0, 400);
        }
    }

    #[test]
    fn reset_clears_everything() {
        let state = &mut State::default();
        state.set(Name::global("A").unwrap(), "x".into());
        state.record("GET", "/api/version", Some(200));
        assert_eq!(call(state, "GET", "/stand-in/requests", json!(null)).1.as_array().unwrap().len(), 1);
        assert_eq!(call(state, "POST", "/stand-in/reset", json!(null)).0, 200);
        assert_eq!(call(state, "GET", "/stand-in/properties", json!(null)).1, json!({}));
        assert_eq!(call(state, "GET", "/stand-in/requests", json!(null)).1, json!([]));
    }
}
