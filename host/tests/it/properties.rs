//! Tests of when properties are saved, and of failed saves.
//!
//! The fault layer injects the faults.

use opcon_stand_in::DEFAULT_TOKEN;
use serde_json::{Value, json};

use crate::fault_layer::answer::throttled;
use crate::fault_layer::view::public_addresses;
use crate::fault_layer::{FaultLayer, Form};
use crate::support::{Ec2, OwnOpCon, Program, test_bed, unique};

/// A start of one instance that waits until it is running and saves all four properties.
struct Start {
    layer: FaultLayer,
    opcon: OwnOpCon,
    program: Program,
    id: String,
}

impl Start {
    fn new(name: &str) -> Self {
        let id = Ec2::new().launch_stopped(&unique(name), 1).remove(0);
        let (layer, opcon) = (FaultLayer::before(&test_bed().ec2_endpoint), OwnOpCon::start());
        let program = Program::with_endpoint(&layer.endpoint()).with_config(&opcon.config(DEFAULT_TOKEN));
        Start { layer, opcon, program, id }
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let names = ["--id-property", "ID", "--public-dns-property", "DNS", "--public-ip-property", "IP"];
        let start = ["StartInstance", "--instance-id", &self.id, "--private-ip-property", "PRIVATE"];
        let wait = ["--wait", "--wait-for", "running"];
        start.into_iter().chain(names).chain(wait).chain(more.iter().copied()).collect()
    }

    /// The JSON form of a property.
    fn not_saved(name: &str) -> Value {
        json!({"name": name, "value": null, "saved": false})
    }
}

#[test]
fn an_address_that_could_not_be_read_is_not_saved_as_empty() {
    let start = Start::new("unread");
    // Two polls before the start and at its end, then the wait times out.
    let polls = || start.layer.on("DescribeInstances").when(Form::names_instances);
    polls().calls(2..).show(public_addresses(""));
    polls().calls(3..).answer(throttled());
    let (finished, document) = start.program.run_json(&start.arguments(&["--wait-timeout", "3s"]));
    let finished = finished.expect_code(7);
    let finished = finished.expect_stderr("unknown public IPv4 address of i-").expect_stderr("RequestLimitExceeded");
    let properties = &document["properties"];
    assert_eq!(properties[0], json!({"name": "ID", "value": start.id, "saved": true}), "{finished:#?}");
    assert_eq!([&properties[1], &properties[2]], [&Start::not_saved("DNS"), &Start::not_saved("IP")]);
    assert_eq!(properties[3]["saved"], true);
    assert_eq!((start.opcon.property("DNS"), start.opcon.property("IP")), (None, None));
    let command = format!("  awsec2 set-property IP <public IPv4 address of {}>\n", start.id);
    finished
        .expect_stderr("not saved in OpCon; to save it later, with the value in place of <...>:\n")
        .expect_stderr(&command);
}

#[test]
fn throttled_polls_do_not_hide_an_address() {
    let start = Start::new("throttled");
    let polls = || start.layer.on("DescribeInstances").when(Form::names_instances);
    polls().call(2).show(public_addresses(""));
    // Three attempts of one poll.
    polls().calls(3..=5).answer(throttled());
    let finished = start.program.run(&start.arguments(&[])).expect_code(0);
    finished.expect_stderr("; addresses are looked up again\n");
    let id = Ec2::new().describe(&start.id);
    assert!(id.contains(&format!("<ipAddress>{}</ipAddress>", start.opcon.property("IP").unwrap())), "{id}");
}

#[test]
fn an_address_that_certainly_does_not_exist_is_empty() {
    let start = Start::new("private");
    start.layer.on("DescribeInstances").when(Form::names_instances).show(public_addresses(""));
    start.program.run(&start.arguments(&[])).expect_code(0);
    assert_eq!((start.opcon.property("DNS").as_deref(), start.opcon.property("IP").as_deref()), (Some(""), Some("")));
}

#[test]
fn an_invalid_address_is_not_saved() {
    let start = Start::new("odd");
    start.layer.on("DescribeInstances").when(Form::names_instances).show(public_addresses("[[ODD]] text"));
    let finished = start.program.run(&start.arguments(&[])).expect_code(7);
    finished
        .expect_stderr("property IP is not saved: EC2 returned `[[ODD]] text` as the public IPv4 address of ")
        .expect_stdout("  awsec2 set-property IP <public IPv4 address of ");
    assert_eq!((start.opcon.property("DNS"), start.opcon.property("IP")), (None, None));
}

#[test]
fn a_ready_command_starts_the_program_that_prints_it() {
    let mut start = Start::new("renamed");
    start.program = start.program.renamed("our-ec2");
    start.layer.on("DescribeInstances").when(Form::names_instances).show(public_addresses("[[ODD]] text"));
    let finished = start.program.run(&start.arguments(&[])).expect_code(7);
    finished.expect_stdout("  our-ec2 set-property IP <public IPv4 address of ");
}

#[test]
fn a_dry_run_checks_opcon_as_a_real_run_does() {
    let start = Start::new("dry");
    let finished = start.program.run(&start.arguments(&["--dry-run"])).expect_code(0);
    finished.expect_stdout("OpCon properties can be saved: ID, DNS, IP, PRIVATE; none is saved (dry run)\n");
    assert_eq!(start.opcon.property("ID"), None);

    let mut start = start;
    start.program = start.program.with_config(&start.opcon.config("a-wrong-token"));
    for more in [&["--dry-run"][..], &[]] {
        start.program.run(&start.arguments(more)).expect_code(3).expect_stderr("Invalid token");
    }
    let nobody = "[OPCON API INFORMATION]\nADDRESS=127.0.0.1:9\nUSING_TLS=False\nTOKEN=made-up\n";
    start.program = start.program.with_config(nobody);
    start
        .program
        .run(&start.arguments(&["--dry-run"]))
        .expect_code(9)
        .expect_stderr("no connection to the OpCon server");
}

/// A start that sends events to an agent.
fn with_agent(start: Start) -> Start {
    std::fs::create_dir(start.program.folder().join("MSGIN")).unwrap();
    let agent = "PROPERTY_CHANNEL=msgin\nMSGIN_FOLDER=MSGIN\nMSGIN_USER=u\nMSGIN_TOKEN=made-up\n";
    let program = start.program.with_config(&format!("[OPCON API INFORMATION]\n{agent}"));
    Start { program, ..start }
}

#[test]
fn an_address_that_no_event_can_contain_is_a_warning() {
    let start = with_agent(Start::new("events"));
    start.layer.on("DescribeInstances").when(Form::names_instances).show(public_addresses(""));
    let (finished, document) = start.program.run_json(&start.arguments(&[]));
    let finished = finished.expect_code(0).expect_stderr(
        "warning: an event cannot contain an empty value: without such an address, these properties keep their old \
         values: DNS, IP\n",
    );
    let finished = finished.expect_stderr(&format!(
        "warning: property IP keeps its old value: there is no public IPv4 address of {}, and an event cannot contain \
         an empty value\n",
        start.id
    ));
    assert!(!finished.stderr.contains("set-property"), "{finished:#?}");
    assert_eq!(document["properties"][2], json!({"name": "IP", "value": "", "saved": false}));
    assert_eq!(std::fs::read_dir(start.program.folder().join("MSGIN")).unwrap().count(), 2, "id and private address");
}

#[test]
fn a_name_that_no_event_can_contain_is_refused_before_anything_is_done() {
    let start = with_agent(Start::new("event-name"));
    let arguments = ["StartInstance", "--instance-id", &start.id, "--id-property", "WEB*"];
    start.program.run(&arguments).expect_code(2).expect_stderr("an event cannot contain the name");
    assert!(start.layer.actions().is_empty());
}

#[test]
fn two_properties_of_one_name_are_refused_before_anything_is_done() {
    let start = Start::new("same");
    for (id, ip) in [("WEB", "WEB"), ("OI.WEB", "web"), ("SI.A.2026-01-31.\"Night\"", "SI.A.2026-01-31.Night")] {
        let arguments = ["StartInstance", "--instance-id", &start.id, "--id-property", id, "--public-ip-property", ip];
        let finished = start.program.run(&arguments).expect_code(2);
        finished.expect_stderr("`--id-property` and `--public-ip-property` name the same OpCon property: `");
    }
    assert_eq!((start.layer.actions().len(), start.opcon.requests()), (0, json!([])));
}

#[cfg(unix)]
mod interrupted {
    //! A job that is ended while it waits: the id is in OpCon, and there are commands for the rest.

    use std::process::{Child, Command};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::fault_layer::view::state;
    use crate::support::Finished;

    /// Sends SIGTERM as soon as the job waits, before any poll returns the target state.
    fn interrupt(start: &Start, more: &[&str]) -> Finished {
        let polls = start.layer.on("DescribeInstances").when(Form::names_instances);
        polls.calls(2..).show(state("pending"));
        let addresses = start.layer.on("DescribeInstances").when(Form::names_instances);
        addresses.calls(2..).show(public_addresses(""));
        let mut job: Child = start.program.command(start.arguments(more)).spawn().unwrap();
        while start.layer.calls_of("DescribeInstances").len() < 3 {
            assert!(job.try_wait().unwrap().is_none(), "the job ended before it waited");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(start.opcon.property("ID").as_deref(), Some(start.id.as_str()), "saved before the wait");
        assert!(Command::new("kill").args(["-s", "TERM", &job.id().to_string()]).status().unwrap().success());
        Finished::from(job.wait_with_output().unwrap()).expect_code(10)
    }

    #[test]
    fn the_id_is_saved_and_commands_save_the_rest() {
        let start = Start::new("ended");
        let finished = interrupt(&start, &[]);
        let commands: Vec<_> = finished.stdout.lines().filter_map(|line| line.strip_prefix("  awsec2 ")).collect();
        let [dns, ip, private] = commands[..] else { panic!("{finished:#?}") };
        let (id, program) = (&start.id, env!("CARGO_BIN_EXE_awsec2"));
        assert_eq!(dns, format!("set-property DNS <public DNS name of {id}>"));
        assert_eq!(ip, format!("set-property IP <public IPv4 address of {id}>"));
        let run = |line: &str| {
            let line = format!("\"{program}\" {line}");
            Command::new("sh")
                .args(["-c", &line])
                .current_dir(start.program.folder())
                .output()
                .unwrap()
                .status
                .success()
        };
        assert!(run(private), "{private}");
        assert!(Ec2::new().describe(id).contains(&start.opcon.property("PRIVATE").unwrap()));
        // Copied unchanged into a shell or into a field of OpCon, which does not support redirections.
        assert!(!run(ip) && start.opcon.property("IP").is_none());
        let words: Vec<_> = ip.split(' ').collect();
        start.program.run_bare(&words).expect_code(2);
        assert!(start.opcon.property("IP").is_none());
    }

    #[test]
    fn the_document_has_every_property() {
        let start = Start::new("ended-json");
        let document = interrupt(&start, &["--output", "json"]).document();
        let properties = document["properties"].as_array().unwrap();
        assert_eq!(properties[0], json!({"name": "ID", "value": start.id, "saved": true}));
        assert_eq!(properties[1..3], [Start::not_saved("DNS"), Start::not_saved("IP")]);
        assert_eq!((&properties[3]["name"], &properties[3]["saved"]), (&json!("PRIVATE"), &json!(false)));
        assert!(properties[3]["value"].is_string(), "{document}");
    }
}
