//! Tests the dry run of every function that changes something: no changing request reaches AWS.

use std::collections::BTreeSet;
use std::fs;

use super::stage::{INSTANCES, Stage};
use crate::fault_layer::Call;
use crate::support::{Ec2, functions};

/// Separate from the instances of other tests.
const REGION: &str = "ca-central-1";

/// The exit code of a defect, e.g. a change requested in a dry run: the program blocks it before it reaches the layer.
const DEFECT: i32 = 70;

/// Whether a request changes nothing: reads are known by name, and other EC2 requests have `DryRun`.
fn is_harmless(call: &Call) -> bool {
    let action = call.form.action();
    let read = ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb));
    read || is_dry(call)
}

fn is_dry(call: &Call) -> bool {
    call.form.get("DryRun") == Some("true")
}

/// The names of the files below the folder of a program, except its log.
fn files(stage: &Stage) -> BTreeSet<String> {
    let names = fs::read_dir(stage.job.program.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name != "log").collect()
}

#[test]
fn no_dry_run_of_any_function_requests_a_change() {
    let mut asked = 0;
    for function in functions().iter().filter(|function| function.changes_resources) {
        let mut succeeded = false;
        for (example, before) in
            function.examples.iter().flat_map(|example| [(example, "running"), (example, "stopped")])
        {
            let stage = Stage::new(REGION, Some(before));
            let requests = |stage: &Stage| stage.opcon().requests().as_array().unwrap().clone();
            let (files_before, opcon_before) = (files(&stage), requests(&stage).len());
            let finished = stage.run(function, example, &["--dry-run", "--output", "json"]);
            let about = format!("{} {:?}: {finished:#?}", function.name, example.arguments);
            let calls = stage.job.layer.calls();
            asked += calls.iter().filter(|call| is_dry(call)).count();
            assert!(calls.iter().all(is_harmless), "{about}\n{calls:#?}");
            assert_ne!(finished.code, DEFECT, "a function that forgets the dry run: {about}");
            let results = finished.document();
            let results: Vec<_> = results["instances"].as_array().unwrap().iter().map(|row| &row["result"]).collect();
            assert!(results.iter().all(|result| *result != "changed"), "{about}");
            let ec2 = Ec2::in_region(REGION);
            assert_eq!(ec2.states(&ec2.named(&stage.job.name)), [before; INSTANCES], "{about}");
            assert_eq!(files(&stage), files_before, "{about}");
            let requests = &requests(&stage)[opcon_before..];
            assert!(requests.iter().all(|request| request["method"] == "GET"), "{about}\n{requests:#?}");
            succeeded |= finished.code == 0;
        }
        assert!(succeeded, "no example of {} is a dry run that succeeds", function.name);
    }
    assert!(asked > 0, "no request of a dry run was recorded");
}
