//! Tests of bodies that are truncated, empty, or not from EC2.

use std::net::TcpStream;

use super::*;
use crate::support::http::Framing;

fn describe(ids: &[String]) -> Form {
    about("DescribeInstances", ids)
}

#[test]
fn a_body_is_cut_at_a_byte_or_around_a_text() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-cut"), 3);
    let whole = text(&send(&layer, &describe(&ids)).unwrap());
    layer.on("DescribeInstances").call(1).cut_body(cut::at_byte(100));
    layer.on("DescribeInstances").call(2).cut_body(cut::before("<instanceId>", 2));
    layer.on("DescribeInstances").call(3).cut_body(cut::after("<instanceId>", 3));
    let next = || text(&send(&layer, &describe(&ids)).unwrap());
    assert_eq!(next(), whole[..100]);
    let before_second = next();
    assert_eq!(before_second.matches("<instanceId>").count(), 1);
    let rest = whole.strip_prefix(&before_second).unwrap();
    assert!(rest.starts_with("<instanceId>"), "{rest}");
    let in_third = next();
    assert!(in_third.ends_with("<instanceId>") && in_third.matches("<instanceId>").count() == 3, "{in_third}");
    assert_eq!(next(), whole);
    assert_eq!(layer.unfired(), [""; 0]);
}

#[test]
fn a_truncated_body_is_valid_in_each_framing() {
    let server = Counting::start();
    server.on("Any").answer(answer::other(200, "text/plain", "0123456789"));
    for (cut, framing, header) in [
        (cut::at_byte(7), Framing::Length, "content-length: 7"),
        (cut::at_byte(7).chunked(), Framing::Chunked, "transfer-encoding: chunked"),
        (cut::at_byte(7).until_close(), Framing::UntilClose, ""),
    ] {
        let layer = FaultLayer::before(&server.endpoint());
        layer.on("Any").cut_body(cut);
        let answer = send(&layer, &form(&[("Action", "Any")])).unwrap();
        assert_eq!((answer.framing, text(&answer).as_str()), (framing, "0123456"));
        let raw = raw_answer(&layer);
        assert!(raw.contains(header), "{raw}");
        let lengths = ["content-length", "transfer-encoding"].iter().filter(|name| raw.contains(**name)).count();
        assert_eq!(lengths, usize::from(!header.is_empty()), "{raw}");
    }
}

/// A response as sent over the network.
fn raw_answer(layer: &FaultLayer) -> String {
    let mut stream = TcpStream::connect(layer.http.address()).unwrap();
    let request = Message::request("us-east-1", form(&[("Action", "Any")]).to_body());
    request.write(&mut stream).unwrap();
    std::io::read_to_string(stream).unwrap()
}

#[test]
fn a_cut_comes_after_all_views() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-cut"), 2);
    layer.on("DescribeInstances").cut_body(cut::before("<name>pending</name>", 2));
    layer.on("DescribeInstances").show(view::state("pending"));
    let answer = text(&send(&layer, &describe(&ids)).unwrap());
    assert_eq!(answer.matches("<name>pending</name>").count(), 1);
}

#[test]
fn a_response_may_be_empty_with_or_without_an_effect() {
    let layer = Counting::start();
    layer.on("Any").call(1).answer(answer::empty());
    layer.on("Any").call(2).answer_after(answer::empty());
    let any = form(&[("Action", "Any")]);
    for acted in [0, 1] {
        let answer = send(&layer, &any).unwrap();
        assert_eq!((answer.status(), answer.body.len()), (200, 0));
        assert_eq!(layer.count(), acted);
    }
    assert_eq!(text(&send(&layer, &any).unwrap()), "2");
    assert_eq!(layer.calls().iter().map(|call| call.status).collect::<Vec<_>>(), [Some(200); 3]);
}

#[test]
fn an_answer_may_have_any_status_content_type_and_text() {
    let layer = Counting::start();
    layer.on("Any").call(1).answer(answer::other(418, "application/json", "{\"tea\":\"\u{e4}\"}"));
    layer.on("Any").call(2).answer_after(answer::success("Any", "<return>true</return>"));
    let any = form(&[("Action", "Any")]);
    let teapot = send(&layer, &any).unwrap();
    assert_eq!((teapot.status(), text(&teapot).as_str()), (418, "{\"tea\":\"\u{e4}\"}"));
    assert_eq!(teapot.header("content-type"), Some("application/json"));
    assert_eq!(layer.count(), 0);
    let success = send(&layer, &any).unwrap();
    assert!(text(&success).contains("<AnyResponse "), "{}", text(&success));
    assert_eq!(xml::texts(&success, "return"), ["true"]);
    assert_eq!(layer.count(), 1);
}
