//! Tests of the fault layer itself, in front of moto or a socket that counts requests.

mod actions;
mod bodies;
mod capacity;
mod instances;
mod launches;

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::support::{Ec2, test_bed, unique};

fn form(parameters: &[(&str, &str)]) -> Form {
    Form::new(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// Sends a form through the layer. `None` if the connection is cut.
fn send(layer: &FaultLayer, form: &Form) -> Option<Message> {
    Message::request(&test_bed().region, form.to_body()).exchange(&layer.http.address().to_string()).ok()
}

fn status_of(layer: &FaultLayer, form: &Form) -> Option<u16> {
    send(layer, form).as_ref().map(Message::status)
}

/// The error code of the response, or an empty text for a success.
fn code_of(layer: &FaultLayer, form: &Form) -> String {
    xml::texts(&send(layer, form).unwrap(), "Code").pop().unwrap_or_default()
}

fn ids_of(layer: &FaultLayer, form: &Form) -> Vec<String> {
    xml::texts(&send(layer, form).unwrap(), "instanceId")
}

/// The instance states in the response, in order.
fn states_of(layer: &FaultLayer, form: &Form) -> Vec<String> {
    let mut root = xmltree::Element::parse(&*send(layer, form).unwrap().body).unwrap();
    let mut states = Vec::new();
    xml::retain_instances(&mut root, &mut |_, instance| {
        states.extend(xml::text_at(instance, &["instanceState", "name"]));
        true
    });
    states
}

/// A form with one filter.
fn filtered(action: &str, name: &str, value: &str) -> Form {
    about(action, &[]).with("Filter.1.Name", name).with("Filter.1.Value.1", value)
}

fn text(answer: &Message) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// A form that selects instances by ID.
fn about(action: &str, ids: &[String]) -> Form {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    form(&[("Version", "2016-11-15")]).for_instances(action, &ids)
}

/// A form that launches an instance with this name.
fn launch(name: &str, token: &str, instance_type: &str) -> Form {
    form(&[
        ("Action", "RunInstances"),
        ("Version", "2016-11-15"),
        ("ImageId", &test_bed().image_id),
        ("InstanceType", instance_type),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", token),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", name),
    ])
}

fn before_moto() -> FaultLayer {
    FaultLayer::before(&test_bed().ec2_endpoint)
}

/// A layer in front of a server that responds with the number of requests so far.
struct Counting {
    layer: FaultLayer,
    count: Arc<AtomicUsize>,
    _server: HttpServer,
}

impl Counting {
    fn start() -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let server = HttpServer::start(move |_| {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            Some(Message::answer(200, &[], &number.to_string()))
        });
        Counting { layer: FaultLayer::before(&server.url()), count, _server: server }
    }

    /// The number of requests that reached the server.
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Deref for Counting {
    type Target = FaultLayer;

    fn deref(&self) -> &FaultLayer {
        &self.layer
    }
}

#[test]
fn without_rules_requests_and_answers_pass_unchanged() {
    let layer = Counting::start();
    let sent = form(&[("Action", "Any"), ("Name", "a b&c=\u{e4}")]);
    assert_eq!(text(&send(&layer, &sent).unwrap()), "1");
    let [call] = &layer.calls()[..] else { panic!("one call") };
    assert_eq!((&call.form, call.status), (&sent, Some(200)));
    assert_eq!(layer.actions(), ["Any"]);
}

#[test]
fn a_rule_holds_for_its_action_its_parameters_and_its_call_numbers() {
    let layer = Counting::start();
    let big = |form: &Form| form.get("InstanceType") == Some("big");
    layer.on("Launch").when(big).calls(2..=3).answer(answer::no_capacity());
    let statuses = |form: &Form| (0..4).map(|_| status_of(&layer, form).unwrap()).collect::<Vec<_>>();
    assert_eq!(statuses(&form(&[("Action", "Launch"), ("InstanceType", "small")])), [200; 4]);
    assert_eq!(statuses(&form(&[("Action", "Stop"), ("InstanceType", "big")])), [200; 4]);
    assert_eq!(statuses(&form(&[("Action", "Launch"), ("InstanceType", "big")])), [200, 500, 500, 200]);
    assert_eq!(layer.count(), 10, "a request that the layer answers goes no further");
    assert_eq!(layer.calls_of("Launch").len(), 8);
}

#[test]
fn a_connection_is_cut_before_or_after_the_server_has_acted() {
    let layer = Counting::start();
    layer.on("Any").call(1).cut_before();
    layer.on("Any").call(2).cut_after();
    let any = form(&[("Action", "Any")]);
    assert_eq!(status_of(&layer, &any), None);
    assert_eq!(layer.count(), 0);
    assert_eq!(status_of(&layer, &any), None);
    assert_eq!(layer.count(), 1);
    assert_eq!(status_of(&layer, &any), Some(200));
    assert_eq!(layer.calls().iter().map(|call| call.status).collect::<Vec<_>>(), [None, None, Some(200)]);
}

#[test]
fn a_rule_may_be_limited_in_time_and_delay_requests() {
    let layer = Counting::start();
    let hold = Duration::from_millis(100);
    layer.on("Any").lasting(hold).answer(answer::throttled());
    layer.on("Slow").call(1).delay(hold);
    let any = form(&[("Action", "Any")]);
    assert_eq!(status_of(&layer, &any), Some(503));
    assert_eq!(status_of(&layer, &form(&[("Action", "Slow")])), Some(200));
    assert_eq!(status_of(&layer, &any), Some(200));
    let [_, slow, next] = &layer.calls()[..] else { panic!("three calls") };
    assert!(next.arrived - slow.arrived >= hold);
}

#[test]
fn refusals_have_the_form_of_ec2() {
    let layer = Counting::start();
    layer.on("Any").answer(answer::unknown_instance("i-0123abcd"));
    let refused = send(&layer, &form(&[("Action", "Any")])).unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(xml::texts(&refused, "Code"), ["InvalidInstanceID.NotFound"]);
    assert_eq!(xml::texts(&refused, "Message"), ["No instance i-0123abcd here, says the fault layer."]);
    assert_eq!(xml::texts(&refused, "RequestID"), [answer::REQUEST_ID]);
}

#[test]
fn instances_are_reported_in_another_state_or_omitted() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-state"), 3);
    let describe = about("DescribeInstances", &ids);
    let dead = view::state("terminated").because("Client.InternalError", "It died.");
    layer.on("DescribeInstances").call(1).show(view::state("pending"));
    layer.on("DescribeInstances").call(2).show(dead.of([&ids[1]]));
    layer.on("DescribeInstances").call(2).show(view::absent().of([&ids[2]]));

    let pending = send(&layer, &describe).unwrap();
    assert_eq!(xml::texts(&pending, "instanceId").len(), 3);
    assert!(!text(&pending).contains("<name>running</name>"), "{}", text(&pending));
    let mixed = send(&layer, &describe).unwrap();
    assert_eq!(xml::texts(&mixed, "instanceId").len(), 2);
    assert!(text(&mixed).contains("<instanceState><code>48</code><name>terminated</name></instanceState>"));
    assert!(text(&mixed).contains("<stateReason><code>Client.InternalError</code><message>It died.</message>"));
    assert!(text(&mixed).contains("<instanceState><code>16</code><name>running</name></instanceState>"));
    let after = send(&layer, &describe).unwrap();
    assert_eq!(text(&after).matches("<name>running</name>").count(), 3);
}

#[test]
fn status_checks_are_changed() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-checks"), 2);
    layer.on("DescribeInstanceStatus").show(view::status_checks("initializing").of([&ids[0]]));
    let checks = send(&layer, &about("DescribeInstanceStatus", &ids)).unwrap();
    assert_eq!(text(&checks).matches("<status>initializing</status>").count(), 2);
    assert_eq!(text(&checks).matches("<status>ok</status>").count(), 2);
}

#[test]
fn a_rule_without_an_effect_is_reported() {
    let layer = Counting::start();
    layer.on("Any").call(1).answer(answer::throttled());
    layer.on("Any").call(2).cut_body(cut::before("not there", 1));
    layer.on("Other").cut_before();
    layer.on("Last").cut_after();
    let any = form(&[("Action", "Any")]);
    assert_eq!(layer.unfired(), ["Any", "Any", "Other", "Last"]);
    assert_eq!(status_of(&layer, &any), Some(503));
    assert_eq!(status_of(&layer, &any), Some(200));
    assert_eq!(status_of(&layer, &form(&[("Action", "Last")])), None);
    assert_eq!(layer.unfired(), ["Any", "Other"]);
}

#[test]
fn a_view_of_instances_that_are_not_in_the_answer_changes_nothing() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-view"), 2);
    layer.on("DescribeInstances").show(view::absent().of([&ids[1]]));
    send(&layer, &about("DescribeInstances", &ids[..1])).unwrap();
    assert_eq!(layer.unfired(), ["DescribeInstances"]);
    send(&layer, &about("DescribeInstances", &ids)).unwrap();
    assert_eq!(layer.unfired(), [""; 0]);
}

#[test]
fn a_request_of_a_json_protocol_passes_unchanged_and_its_action_is_known() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = bodies.clone();
    let server = HttpServer::start(move |request| {
        seen.lock().unwrap().push(request.body);
        Some(Message::answer(200, &[], "{}"))
    });
    let layer = FaultLayer::before(&server.url());
    let request =
        Message::request("us-east-1", b"{\"a\":1}".to_vec()).with_header(form::TARGET, "AmazonSSM.SendCommand");
    assert_eq!(request.exchange(&layer.http.address().to_string()).unwrap().status(), 200);
    assert_eq!(layer.actions(), ["SendCommand"]);
    assert_eq!(*bodies.lock().unwrap(), [b"{\"a\":1}"]);
}
