//! Tests what a job bears before it has done anything.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::support::http::{HttpServer, Message};
use crate::support::{Answer, OwnEc2, Program};

const ID: &str = "i-0123456789abcdef0";
const STATUS: [&str; 1] = ["GetInstanceStatusByTag"];

fn patient(url: &str) -> Program {
    Program::with_endpoint(url).without_env("AWS_MAX_ATTEMPTS")
}

/// Responds with this error to the first requests for an action.
fn failing(times: usize, action: &'static str, error: fn() -> Answer) -> OwnEc2 {
    let failures = AtomicUsize::new(0);
    let changed = format!(
        "<instancesSet><item><instanceId>{ID}</instanceId><currentState><code>64</code><name>stopping</name>\
         </currentState><previousState><code>16</code><name>running</name></previousState></item></instancesSet>"
    );
    let running = format!(
        "<reservationSet><item><instancesSet><item><instanceId>{ID}</instanceId><instanceState><code>16</code>\
         <name>running</name></instanceState></item></instancesSet></item></reservationSet>"
    );
    OwnEc2::start(move |asked| match asked {
        _ if asked == action && failures.fetch_add(1, Ordering::SeqCst) < times => error(),
        "DescribeInstances" => Answer::success(asked, &running),
        "StopInstances" => Answer::success(asked, &changed),
        _ => Answer::success(asked, ""),
    })
}

fn throttled() -> Answer {
    Answer::error(503, "RequestLimitExceeded", "Slow down")
}

#[test]
fn throttling_is_borne_and_reported_once() {
    let ec2 = failing(4, "DescribeInstances", throttled);
    let finished = patient(&ec2.url).run(&STATUS).expect_code(0);
    assert_eq!(finished.stderr, "warning: EC2 is throttling; retrying for up to 60s\n");
    assert_eq!(ec2.actions().iter().filter(|action| *action == "DescribeInstances").count(), 5);
}

#[test]
fn a_throttled_first_change_is_borne() {
    let ec2 = failing(4, "StopInstances", throttled);
    let finished = patient(&ec2.url).run(&["StopInstance", "--instance-id", ID]).expect_code(0);
    assert_eq!(finished.stderr, "warning: EC2 is throttling; retrying for up to 60s\n");
    assert_eq!(ec2.actions().iter().filter(|action| *action == "StopInstances").count(), 5);
}

#[test]
fn a_port_that_listens_later_is_reached() {
    // Nothing else can take the port in the meantime: it is bound, but does not listen.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let program = patient(&format!("http://{address}"));
    let mut job = program.command(STATUS.iter().chain(&["--log-dir", "log"])).spawn().unwrap();
    while !program.log().contains("retrying for up to 20s") {
        assert!(job.try_wait().unwrap().is_none(), "the job ended before the port was open: {}", program.log());
        thread::sleep(std::time::Duration::from_millis(10));
    }
    socket.listen(8).unwrap();
    let listener: TcpListener = socket.into();
    let (stream, _) = listener.accept().unwrap();
    super::describe_none(stream);
    let finished = crate::support::Finished::from(job.wait_with_output().unwrap()).expect_code(0);
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:#?}");
    finished.expect_stderr("warning: EC2 could not be reached: no connection to 127.0.0.1:");
}

#[test]
fn a_connection_that_breaks_is_borne_for_a_read() {
    let asked = AtomicUsize::new(0);
    let server = HttpServer::start(move |_| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) < 4;
        (!is_first).then(|| Message::answer(200, &[("content-type", "text/xml")], "<DescribeInstancesResponse/>"))
    });
    let finished = patient(&server.url()).run(&STATUS).expect_code(0);
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:#?}");
    finished.expect_stderr("warning: no response from 127.0.0.1:").expect_stderr("; retrying for up to 20s\n");
}

#[test]
fn a_change_is_not_repeated_after_a_connection_that_broke() {
    let ec2 = OwnEc2::with_instance("running", |_| Answer::html(200, ""));
    let program = patient(&ec2.url);
    program.run(&["RebootInstance", "--instance-id", ID]).expect_code(11);
    assert_eq!(ec2.actions().iter().filter(|action| *action == "RebootInstances").count(), 1);
}

#[test]
fn a_number_of_attempts_of_the_user_is_all_that_is_tried() {
    let ec2 = failing(9, "DescribeInstances", throttled);
    let finished = patient(&ec2.url).env("AWS_MAX_ATTEMPTS", "2").run(&STATUS).expect_code(9);
    assert!(!finished.stderr.contains("retrying"), "{finished:#?}");
    assert_eq!(ec2.actions().len(), 2);
}

#[test]
fn a_host_name_that_does_not_exist_fails_at_once() {
    let program = patient("http://no-such-host.invalid").env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    let finished = program.run(&STATUS).expect_code(9);
    assert!(!finished.stderr.contains("retrying"), "{finished:#?}");
    assert_eq!(program.log().matches("no answer: EC2 could not be reached").count(), 1, "{}", program.log());
}
