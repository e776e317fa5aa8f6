//! Tests that secrets of a request are found in every encoding.

use std::fmt::Write as _;

use aws_smithy_types::body::SdkBody;

use super::*;

const SIGNATURE: &str = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDk+Zz3w==";
const SCRIPT: &str = "#!/bin/sh\nexport DB_PASSWORD='correct horse'\n";

fn form() -> String {
    let fields = [("Action", "RunInstances"), ("UserData", &STANDARD.encode(SCRIPT)), ("ClientToken", "token-1234567")];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn secrets() -> Secrets {
    let mut request = HttpRequest::new(SdkBody::from(form()));
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/ec2/aws4_request, Signature={SIGNATURE}");
    request.headers_mut().insert("authorization", authorization);
    request.headers_mut().insert("x-amz-security-token", TOKEN);
    Secrets::of(&request)
}

fn each_character(text: &str, write: impl Fn(&mut String, u32)) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        write(&mut out, u32::from(c));
        out
    })
}

fn escaped(text: &str) -> String {
    each_character(text, |out, code| write!(out, "\\u{code:04x}").unwrap())
}

fn percent(text: &str) -> String {
    each_character(text, |out, code| write!(out, "%{code:02X}").unwrap())
}

/// The encodings of a text.
fn encodings(text: &str) -> Vec<String> {
    let whole: Vec<String> = vec![
        text.to_owned(),
        escaped(text),
        percent(text),
        each_character(text, |out, code| write!(out, "&#{code};").unwrap()),
        each_character(text, |out, code| write!(out, "&#x{code:X};").unwrap()),
        each_character(text, |out, code| write!(out, "\\x{code:02x}").unwrap()),
        each_character(text, |out, code| write!(out, "\\{code:03o}").unwrap()),
        each_character(text, |out, code| write!(out, "&#{code}").unwrap()),
        each_character(text, |out, code| write!(out, "={code:02X}").unwrap()),
        form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        serde_json::to_string(text).unwrap(),
        quick_xml::escape::escape(text).into_owned(),
        STANDARD.encode(text),
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text),
        text.to_uppercase(),
    ];
    let nested = [percent(&escaped(text)), STANDARD.encode(percent(text)), escaped(&STANDARD.encode(text))];
    whole.into_iter().chain(nested).collect()
}

#[test]
fn a_secret_is_found_in_every_encoding() {
    let secrets = secrets();
    for secret in [SIGNATURE, TOKEN, SCRIPT, &STANDARD.encode(SCRIPT), "export DB_PASSWORD='correct horse'"] {
        for encoded in encodings(secret) {
            for before in ["", "you sent ", "\"", "x=", "ab", "abc"] {
                assert!(secrets.are_in(format!("{before}{encoded}").as_bytes()), "{before}{encoded}");
            }
        }
    }
}

#[test]
fn a_part_of_a_secret_and_the_whole_request_are_found() {
    let secrets = secrets();
    assert!(secrets.are_in(&SIGNATURE.as_bytes()[10..44]));
    assert!(secrets.are_in(format!("{} <br> {}", &TOKEN[..20], &TOKEN[20..]).as_bytes()));
    for encoded in encodings(&format!("POST / HTTP/1.1\r\nhost: ec2\r\nx-amz-security-token: {TOKEN}\r\n\r\n")) {
        assert!(secrets.are_in(encoded.as_bytes()), "{encoded}");
    }
    assert!(secrets.are_in(form().as_bytes()));
}

#[test]
fn other_texts_are_no_secrets() {
    let secrets = secrets();
    for text in [
        "",
        "The instance ID 'i-0123456789abcdef0' does not exist",
        "client token token-1234567 was used before",
        "User: arn:aws:iam::123456789012:user/job is not authorized to perform: ec2:RunInstances",
        "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/ec2/aws4_request",
    ] {
        assert!(!secrets.are_in(text.as_bytes()), "{text}");
    }
    assert!(secrets.are_in(&[b'x'; SEARCHED + 1]), "a huge error is not quoted");
    assert!(!Secrets::of(&HttpRequest::new(SdkBody::empty())).are_in(&[b'x'; SEARCHED + 1]), "without secrets it is");
}

#[test]
fn a_secret_that_is_divided_between_the_texts_is_left_out() {
    let (code, rest) = SIGNATURE.split_at(15);
    let (message, request_id) = rest.split_at(12);
    let [code, message, request_id] = [code, message, request_id].map(|text| Some(text.to_owned()));
    let mut content = Content { code, message, request_id };
    assert!(secrets().remove_from(&mut content));
    let left_out = Some(LEFT_OUT.to_owned());
    assert_eq!(content, Content { code: left_out.clone(), message: left_out.clone(), request_id: left_out });
}

#[test]
fn an_error_with_a_secret_keeps_its_code() {
    let secrets = secrets();
    let mut content = Content {
        code: Some("SignatureDoesNotMatch".to_owned()),
        message: Some(format!("you sent {TOKEN}")),
        request_id: Some(SIGNATURE.to_owned()),
    };
    secrets.remove_from(&mut content);
    assert_eq!(content.code.as_deref(), Some("SignatureDoesNotMatch"));
    assert_eq!([&content.message, &content.request_id].map(Option::as_deref), [Some(LEFT_OUT); 2]);
    let body =
        |is_query, body: &str| String::from_utf8(body_without_secrets(is_query, body.as_bytes(), &content)).unwrap();
    let error = format!("<Error><Code>SignatureDoesNotMatch</Code><Message>{LEFT_OUT}</Message></Error>");
    assert_eq!(body(true, "<Response>x</Response>"), format!("<Response><Errors>{error}</Errors></Response>"));
    assert_eq!(body(true, "<ErrorResponse>"), format!("<ErrorResponse>{error}</ErrorResponse>"));
    assert!(body(false, "{}").contains(r#""message":"(text left out: "#));
    assert_eq!(body(false, "text"), LEFT_OUT);
}

#[test]
fn the_secrets_of_all_protocols_are_known() {
    for (body, secret) in [
        (r#"{"clientSecret":"0123456789abcdef"}"#, "0123456789abcdef"),
        (r#"{"a":[{"Password":"correct horse"}]}"#, "correct horse"),
        ("Action=AssumeRoleWithWebIdentity&WebIdentityToken=eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJSUzI1NiJ9"),
        ("Action=ModifyInstanceAttribute&UserData.Value=Y29ycmVjdCBob3JzZQ%3D%3D", "correct horse"),
    ] {
        let secrets = Secrets::of(&HttpRequest::new(SdkBody::from(body)));
        assert!(secrets.are_in(secret.as_bytes()), "{body}");
        assert!(!secrets.are_in(b"another text"), "{body}");
    }
}
