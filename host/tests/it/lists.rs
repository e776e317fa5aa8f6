//! Tests of the functions that fill and check the option lists of job forms, against the test bed.

use std::fs;

use opcon_stand_in::{Answer as OpConAnswer, DEFAULT_TOKEN, Fault};
use serde_json::{Value, json};

use crate::support::{Answer, Ec2, OwnEc2, OwnOpCon, Program, unique, values};

/// A program with its own OpCon stand-in, on the EC2 of the test bed.
fn with_opcon(opcon: &OwnOpCon) -> Program {
    let program = Program::on_test_bed().without("--user-id").with_config(&opcon.config(DEFAULT_TOKEN));
    program.env("AWS_ACCESS_KEY_ID", "unchecked").env("AWS_SECRET_ACCESS_KEY", "unchecked")
}

/// Creates an image with this name, and returns its ID.
fn register_image(ec2: &Ec2, name: &str) -> String {
    values(&ec2.call("RegisterImage", &[("Name", name)]), "imageId").remove(0)
}

/// The values of the key in the rows of the document.
fn found<'a>(document: &'a Value, key: &str) -> Vec<&'a str> {
    document["found"].as_array().unwrap().iter().map(|row| row[key].as_str().unwrap()).collect()
}

/// An EC2 with these images, given by ID, name, and day.
fn ec2_with_images(images: &'static [(&'static str, &'static str, u32)]) -> OwnEc2 {
    OwnEc2::start(|action| {
        let item = |(id, name, day): &(&str, &str, u32)| {
            let created = format!("<creationDate>2023-04-{day:02}T10:00:00.000Z</creationDate>");
            let rest = "<imageState>available</imageState><architecture>x86_64</architecture>";
            format!("<item><imageId>{id}</imageId><name>{name}</name>{created}{rest}</item>")
        };
        let items: String = images.iter().map(item).collect();
        Answer::success(action, &format!("<imagesSet>{items}</imagesSet>"))
    })
}

#[test]
fn regions_are_shown_and_saved() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    let (finished, document) = program.run_json(&["ListRegions"]);
    finished.expect_code(0);
    let regions = found(&document, "region");
    assert!(regions.contains(&"us-east-1") && regions.is_sorted(), "{regions:?}");
    assert!(found(&document, "status").iter().all(|status| *status != "not-opted-in"), "{document:#}");
    let endpoint = document["found"].as_array().unwrap().iter().find(|row| row["region"] == "us-east-1").unwrap();
    assert_eq!(endpoint["endpoint"], "ec2.us-east-1.amazonaws.com");
    assert_eq!(document["properties"], json!([]));
    assert_eq!(opcon.requests(), json!([]), "OpCon is asked only when something is to be saved");

    let finished = program.run(&["ListRegions", "--save"]).expect_code(0);
    let expected: Vec<_> =
        regions.iter().map(|name| format!("\"{}\"", name.to_uppercase().replace('-', "_"))).collect();
    assert_eq!(opcon.property("AWS_REGIONS"), Some(expected.join(",")));
    let message = format!("ListRegions succeeded: {} regions found, saved in AWS_REGIONS", regions.len());
    assert_eq!(finished.verdict(), message);
}

#[test]
fn instance_types_are_shown_by_size_and_saved() {
    let opcon = OwnOpCon::start();
    let list = ["ListInstanceTypes", "--family", "t1,t3", "--architecture", "x86_64", "--current-generation", "--save"];
    let (finished, document) = with_opcon(&opcon).run_json(&list);
    finished.expect_code(0);
    let sizes = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"].map(|size| format!("t3.{size}"));
    assert_eq!(found(&document, "instance_type"), sizes, "t1 is of an older generation");
    assert_eq!(
        document["found"][1],
        json!({"instance_type": "t3.micro", "vcpus": "2", "memory_mib": "1024", "architectures": "x86_64"})
    );
    let value = r#""t3.nano","t3.micro","t3.small","t3.medium","t3.large","t3.xlarge","t3.2xlarge""#;
    assert_eq!(opcon.property("AWS_SIZES").as_deref(), Some(value));
    assert_eq!(document["properties"], json!([{"name": "AWS_SIZES", "value": value, "saved": true}]));
}

#[test]
fn images_of_the_account_are_shown_and_saved() {
    let (ec2, opcon, name) = (Ec2::new(), OwnOpCon::start(), unique("image"));
    let id = register_image(&ec2, &name);
    let program = with_opcon(&opcon);
    let pattern = format!("{}?{}", &name[..2], &name[3..]);
    let (finished, document) = program.run_json(&["ListImages", "--name", &pattern, "--save"]);
    finished.expect_code(0);
    assert_eq!((found(&document, "image_id"), found(&document, "name")), (vec![id.as_str()], vec![name.as_str()]));
    assert_eq!(opcon.property("AWS_IMAGES"), Some(format!("\"{name} : {id}\"")));
    let finished = program.run(&["ListImages", "--name", &name]).expect_code(0).expect_stdout(&id);
    assert_eq!(finished.verdict(), "ListImages succeeded: 1 image found");
}

#[test]
fn public_images_need_a_name_and_can_be_chosen_by_it() {
    let program = Program::on_test_bed();
    let (finished, document) =
        program.run_json(&["ListImages", "--owner", "amazon", "--name", "amzn2-ami-*", "--architecture", "x86_64"]);
    finished.expect_code(0);
    assert!(found(&document, "name").iter().all(|name| name.starts_with("amzn2-ami-")), "{document:#}");
    let created = found(&document, "created");
    assert!(created.is_sorted_by(|a, b| a >= b), "{created:?}");

    let ec2 = OwnEc2::unwanted();
    let finished = Program::with_endpoint(&ec2.url).run(&["ListImages", "--owner", "amazon"]).expect_code(2);
    finished.expect_stderr("error: `--owner amazon` without `--name`").expect_stderr("hint: ");
    assert!(ec2.actions().is_empty());
}

#[test]
fn the_newest_of_each_family_is_kept() {
    let ec2 = ec2_with_images(&[
        ("ami-00000001", "al2023-ami-2023.0.20230329.0-kernel-6.1-x86_64", 1),
        ("ami-00000002", "al2023-ami-2023.1.20230404.2-kernel-6.1-x86_64", 4),
        ("ami-00000003", "ubuntu-jammy-22.04-amd64-server-20230405", 3),
        ("ami-00000004", "ubuntu-jammy-22.04-amd64-server-20230401", 2),
    ]);
    let program = Program::with_endpoint(&ec2.url);
    let (_, document) = program.run_json(&["ListImages"]);
    assert_eq!(found(&document, "image_id"), ["ami-00000002", "ami-00000003", "ami-00000004", "ami-00000001"]);
    let (_, document) = program.run_json(&["ListImages", "--latest"]);
    assert_eq!(found(&document, "image_id"), ["ami-00000002", "ami-00000003"]);
}

#[test]
fn a_name_cannot_break_out_of_a_list() {
    let ec2 = ec2_with_images(&[
        (
            "ami-00000001",
            "evil&quot;,&quot;x : ami-00000006&quot;&#10;IMAGE y : ami-00000007&#13;&#10;REGION MARS_EAST_1 ]] [[$DATE]] {{A}}\u{e9}",
            1,
        ),
        ("ami-00000002", "&quot; ]]", 2),
    ]);
    let opcon = OwnOpCon::start();
    let program = Program::with_endpoint(&ec2.url).with_config(&opcon.config(DEFAULT_TOKEN));
    let finished = program.run(&["ListImages", "--save", "--data-script", "lists.txt"]).expect_code(0);
    assert_eq!(finished.stdout.lines().count(), 5, "the first line, a header, two images, the verdict: {finished:#?}");
    assert!(finished.stdout.is_ascii(), "{finished:#?}");
    let entry = "evil , x : ami-00000006 IMAGE y : ami-00000007 REGION MARS_EAST_1 ] [$DATE] {A}\u{e9} : ami-00000001";
    assert_eq!(opcon.property("AWS_IMAGES"), Some(format!("\"] : ami-00000002\",\"{entry}\"")));
    let script = fs::read_to_string(program.folder().join("lists.txt")).unwrap();
    assert_eq!(script, format!("IMAGE ] : ami-00000002\nIMAGE {entry}\n"));

    // The written entries are parsed back to the two images.
    for arguments in [&["CheckLists", "--only", "images"][..], &["CheckLists", "--data-script", "lists.txt"]] {
        let finished = program.run(arguments).expect_code(0);
        assert_eq!(finished.verdict(), "CheckLists succeeded: 2 images checked, all found in EC2");
    }
}

#[test]
fn a_data_script_keeps_its_other_lists() {
    let program = Program::on_test_bed();
    let other = "IMAGE web : ami-00000001\nREGION US_EAST_1\n";
    program.write("lists.txt", &format!("SIZE t1.micro\n{other}"));
    let list = ["ListInstanceTypes", "--family", "t3", "--max", "2", "--data-script", "lists.txt"];
    let finished = program.run(&list).expect_code(0).expect_stdout("7 instance types found, the first 2 kept\n");
    assert_eq!(finished.verdict(), "ListInstanceTypes succeeded: 2 instance types found, written to lists.txt");
    let script = fs::read_to_string(program.folder().join("lists.txt")).unwrap();
    assert_eq!(script, "IMAGE web : ami-00000001\nSIZE t3.nano\nSIZE t3.micro\nREGION US_EAST_1\n");
}

#[test]
fn a_data_script_that_holds_something_else_is_left_alone() {
    let program = Program::on_test_bed();
    program.write("lists.txt", "COLOR red\n");
    for function in ["ListRegions", "CheckLists"] {
        let finished = program.run(&[function, "--data-script", "lists.txt"]).expect_code(2);
        finished.expect_stderr("reading lists.txt: ").expect_stderr("line 1");
    }
    assert_eq!(fs::read_to_string(program.folder().join("lists.txt")).unwrap(), "COLOR red\n");
}

#[test]
fn a_list_that_is_too_long_for_opcon_is_refused_or_cut() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    let list = ["ListInstanceTypes", "--save", "--data-script", "lists.txt"];
    let (finished, document) = program.run_json(&list);
    finished.expect_code(2);
    let count = document["found"].as_array().unwrap().len();
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("writing the option list AWS_SIZES: the {count} entries have ")), "{message}");
    assert!(document["error"]["hint"].as_str().unwrap().contains("--max N"), "{document:#}");
    assert!(opcon.property("AWS_SIZES").is_none() && !program.folder().join("lists.txt").exists());

    let cut = [&list[..], &["--max", "3"]].concat();
    let finished = program.run(&cut).expect_code(0);
    assert!(finished.verdict().contains("3 instance types found, written to lists.txt, saved in AWS_SIZES"));
    assert_eq!(opcon.property("AWS_SIZES").unwrap().matches(',').count(), 2);
}

#[test]
fn an_unavailable_opcon_is_detected_before_a_call_to_ec2() {
    // No name server is asked for a name with so long a part, and a name that cannot be resolved fails at once.
    let host = "x".repeat(64);
    let config = format!("[OPCON API INFORMATION]\nADDRESS={host}:9010\nUSING_TLS=False\nTOKEN=made-up\n");
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url).with_config(&config);
    for arguments in
        [&["ListRegions", "--save"][..], &["ListInstanceTypes", "--save"], &["ListImages", "--save"], &["CheckLists"]]
    {
        program.run(arguments).expect_code(9);
    }
    assert!(ec2.actions().is_empty());
}

#[test]
fn an_empty_list_is_not_written() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    program.run(&["ListInstanceTypes", "--family", "t3", "--save"]).expect_code(0);
    let before = opcon.property("AWS_SIZES");
    let finished = program.run(&["ListInstanceTypes", "--family", "t33", "--save"]).expect_code(4);
    finished.expect_stderr("error: describing instance types: no instance types match\n");
    assert_eq!(opcon.property("AWS_SIZES"), before);
}

#[test]
fn lists_fresh_from_ec2_pass_the_check_and_a_stale_image_does_not() {
    let (ec2, opcon, name) = (Ec2::new(), OwnOpCon::start(), unique("checked"));
    let ids = [register_image(&ec2, &name), register_image(&ec2, &name)];
    let program = with_opcon(&opcon);
    program.run(&["ListImages", "--name", &name, "--save"]).expect_code(0);
    let finished = program.run(&["CheckLists"]).expect_code(0);
    let finished = finished.expect_stderr("warning: the option list of regions is missing or empty: not checked\n");
    assert_eq!(finished.verdict(), "CheckLists succeeded: 2 images checked, all found in EC2");
    program.run(&["ListInstanceTypes", "--family", "t3", "--save"]).expect_code(0);
    program.run(&["ListRegions", "--save"]).expect_code(0);
    let finished = program.run(&["CheckLists"]).expect_code(0);
    assert!(finished.verdict().contains("2 images, 7 instance types, "), "{finished:#?}");
    assert_eq!(finished.stderr, "");

    ec2.call("DeregisterImage", &[("ImageId", &ids[0])]);
    let (finished, document) = program.run_json(&["CheckLists", "--only", "images"]);
    finished.expect_code(4).expect_stderr("error: checking the option lists: 1 of 2 images cannot be used\n");
    let problem = "not found in the region, or not shared with the account";
    assert_eq!(document["found"], json!([{"list": "images", "entry": ids[0], "problem": problem}]));
    program.run(&["CheckLists", "--only", "instance-types,regions"]).expect_code(0);
}

#[test]
fn stale_instance_types_and_regions_are_found() {
    let program = Program::on_test_bed();
    program.write("lists.txt", "SIZE t3.micro\nSIZE t9.gone\nREGION MARS_EAST_1\nREGION us-east-1\n");
    let finished = program.run(&["CheckLists", "--data-script", "lists.txt"]).expect_code(4);
    let finished = finished
        .expect_stdout("2 instance types checked, 1 with a problem\n2 regions checked, 1 with a problem\n")
        .expect_stdout("instance types  t9.gone      not available in the region\n")
        .expect_stdout("regions         mars-east-1  not enabled for the account\n")
        .expect_stderr("error: checking the option lists: 1 of 2 instance types, 1 of 2 regions cannot be used\n");
    assert_eq!(finished.verdict(), "CheckLists failed, exit code 4");
}

#[test]
fn lists_that_are_all_missing_are_not_found() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    let finished = program.run(&["CheckLists"]).expect_code(4);
    finished.expect_stderr("error: checking the option lists: no entries to check\n");
    let missing = program.run(&["CheckLists", "--data-script", "nowhere.txt"]).expect_code(2);
    missing.expect_stderr("error: reading nowhere.txt: file not found\nhint: check the path of the data script\n");
    assert!(!program.folder().join("nowhere.txt").exists());
}

#[test]
fn a_list_kept_by_hand_is_read_and_a_wrong_entry_is_named() {
    let opcon = OwnOpCon::start();
    let set = |name: &str, value: &str| {
        let call = ureq::post(format!("http://{}/api/globalproperties", opcon.http()));
        let call = call.header("Authorization", format!("Token {DEFAULT_TOKEN}"));
        call.send(json!({"name": name, "value": value}).to_string()).unwrap();
    };
    set("AWS_REGIONS", " \"US_EAST_1\" , \"eu-west-1\"");
    set("AWS_SIZES", "\"t3.micro\",\"T3.Large\"");
    let program = with_opcon(&opcon);
    let finished = program.run(&["CheckLists", "--only", "regions"]).expect_code(0);
    assert_eq!(finished.verdict(), "CheckLists succeeded: 2 regions checked, all found in EC2");
    let finished = program.run(&["CheckLists"]).expect_code(2);
    finished.expect_stderr("error: reading the option list AWS_SIZES: entry 2: `T3.Large` must be an instance type");
}

#[test]
fn a_list_that_opcon_rejects_fails_the_job() {
    let opcon = OwnOpCon::start();
    let refused = OpConAnswer::text(400, "no");
    opcon.add_fault(Fault { path: "/api/propertyExpression".to_owned(), skip: 0, times: 100, answer: refused });
    let (finished, document) = with_opcon(&opcon).run_json(&["ListRegions", "--max", "1", "--save"]);
    finished.expect_code(7).expect_stderr("error: saving the option list in AWS_REGIONS: ");
    assert_eq!((&document["status"], &document["properties"][0]["saved"]), (&json!("failed"), &json!(false)));
    assert_eq!(document["properties"][0]["name"], "AWS_REGIONS");
    let finished = with_opcon(&opcon).run(&["ListRegions", "--max", "1", "--save"]).expect_code(7);
    assert!(!finished.stdout.contains("set-property"), "the job can be run again: {finished:#?}");
}

#[test]
fn a_list_is_not_sent_to_an_agent() {
    let program = Program::on_test_bed().without("--user-id");
    fs::create_dir(program.folder().join("MSGIN")).unwrap();
    let opcon = "PROPERTY_CHANNEL=msgin\nMSGIN_FOLDER=MSGIN\nMSGIN_USER=u\nMSGIN_TOKEN=made-up\n";
    let program = program.with_config(&format!("[OPCON API INFORMATION]\n{opcon}"));
    let program = program.env("AWS_ACCESS_KEY_ID", "unchecked").env("AWS_SECRET_ACCESS_KEY", "unchecked");
    let finished = program.run(&["ListRegions", "--save"]).expect_code(2);
    finished.expect_stderr(
        "error: saving the option list AWS_REGIONS: option lists cannot be saved with `PROPERTY_CHANNEL=msgin`\n",
    );
    assert_eq!(fs::read_dir(program.folder().join("MSGIN")).unwrap().count(), 0);
}
