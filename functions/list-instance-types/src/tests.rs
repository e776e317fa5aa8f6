//! `ListInstanceTypes` against a mocked EC2: its requests, and the order of its results.

use connector_sdk::ArgValue as _;
use connector_sdk::ErrorKind;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::describe_instance_types::DescribeInstanceTypesOutput;
use connector_sdk::ec2::types::{MemoryInfo, ProcessorInfo, VCpuInfo};
use connector_sdk::testing::{Job, Rule, mock, refusal};

use super::*;

type Size = (&'static str, i32, i64);

fn info(&(name, vcpus, memory): &Size) -> InstanceTypeInfo {
    InstanceTypeInfo::builder()
        .instance_type(name.into())
        .v_cpu_info(VCpuInfo::builder().default_v_cpus(vcpus).build())
        .memory_info(MemoryInfo::builder().size_in_mib(memory).build())
        .processor_info(
            ProcessorInfo::builder()
                .supported_architectures(ArchitectureType::I386)
                .supported_architectures(ArchitectureType::X8664)
                .build(),
        )
        .build()
}

fn page(sizes: &[Size], next: Option<&str>) -> DescribeInstanceTypesOutput {
    let infos = sizes.iter().map(info).collect();
    DescribeInstanceTypesOutput::builder()
        .set_instance_types(Some(infos))
        .set_next_token(next.map(str::to_owned))
        .build()
}

/// A rule for DescribeInstanceTypes that returns these types.
fn describes(sizes: &'static [Size]) -> Rule {
    mock!(Client::describe_instance_types).then_output(|| page(sizes, None))
}

/// The names shown, in order.
fn shown(job: &Job) -> Vec<String> {
    job.cx.journal().table().unwrap().rows.into_iter().map(|mut row| row.swap_remove(0)).collect()
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_shown_by_family_and_size() {
    let of_page = |token: Option<&'static str>, sizes: &'static [Size], next: Option<&'static str>| {
        mock!(Client::describe_instance_types)
            .match_requests(move |request| request.next_token() == token && request.filters().is_empty())
            .then_output(move || page(sizes, next))
    };
    let more = Some("more");
    let job = Job::new(&[
        &of_page(
            None,
            &[("t3.large", 2, 8192), ("t3.nano", 2, 512), ("t2.micro", 1, 1024), ("t3.2xlarge", 8, 32768)],
            more,
        ),
        &of_page(more, &[("m5.xlarge", 4, 16384), ("t3.b", 2, 512), ("m5.large", 2, 8192)], None),
    ]);
    let outcome = job.run(&ListInstanceTypes, &[]).await.unwrap();
    assert_eq!(outcome.message, "7 instance types found");
    assert_eq!(shown(&job), ["m5.large", "m5.xlarge", "t2.micro", "t3.b", "t3.nano", "t3.large", "t3.2xlarge"]);
    let table = job.cx.journal().table().unwrap();
    assert_eq!(table.columns, LISTING.columns);
    assert_eq!(table.rows[0], ["m5.large", "2", "8192", "i386, x86_64"]);
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn each_argument_is_a_filter() {
    for (arguments, expected) in [
        (
            &[("family", "t3, m5"), ("family", "u-6tb1")][..],
            vec![filter("instance-type", ["t3.*", "m5.*", "u-6tb1.*"])],
        ),
        (&[("architecture", "arm64_mac")], vec![filter("processor-info.supported-architecture", ["arm64_mac"])]),
        (&[("current-generation", "true")], vec![filter("current-generation", ["true"])]),
        (
            &[("current-generation", "true"), ("family", "t3")],
            vec![filter("instance-type", ["t3.*"]), filter("current-generation", ["true"])],
        ),
    ] {
        let describe = mock!(Client::describe_instance_types)
            .match_requests(move |request| request.filters() == expected)
            .then_output(|| page(&[("t3.nano", 2, 512)], None));
        Job::new(&[&describe]).run(&ListInstanceTypes, arguments).await.unwrap();
        assert_eq!(describe.num_calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_shown_and_saved_after_opcon_was_contacted() {
    let job = Job::new(&[&describes(&[("t3.small", 2, 2048), ("t3.nano", 2, 512), ("t3.micro", 2, 1024)])]);
    let arguments = [("save", "true"), ("data-script", "lists.txt"), ("max", "2")];
    let outcome = job.run(&ListInstanceTypes, &arguments).await.unwrap();
    assert_eq!(outcome.message, "2 instance types found, written to lists.txt, saved in instance types");
    assert_eq!(
        job.lines(),
        [
            "OpCon is contacted",
            "3 instance types found, the first 2 kept",
            "lists.txt: instance types t3.nano,t3.micro"
        ]
    );
    assert_eq!(shown(&job), ["t3.nano", "t3.micro"]);
    assert_eq!(job.cx.journal().properties()[0].value.as_deref(), Some("t3.nano,t3.micro"));
}

#[tokio::test(start_paused = true)]
async fn missing_values_are_blank() {
    let describe = mock!(Client::describe_instance_types).then_output(|| {
        let bare = InstanceTypeInfo::builder().instance_type("t3.nano".into()).build();
        DescribeInstanceTypesOutput::builder().instance_types(bare).build()
    });
    let job = Job::new(&[&describe]);
    job.run(&ListInstanceTypes, &[]).await.unwrap();
    assert_eq!(job.cx.journal().table().unwrap().rows, [["t3.nano", "", "", ""]]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_type_without_a_name_is_an_error() {
    let nameless =
        || DescribeInstanceTypesOutput::builder().instance_types(InstanceTypeInfo::builder().build()).build();
    let describe = mock!(Client::describe_instance_types).then_output(nameless);
    let error = Job::new(&[&describe]).run(&ListInstanceTypes, &[("save", "true")]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            ErrorKind::Unavailable,
            "describing instance types: the response was incomplete: it has an instance type without its name"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn no_matching_instance_type_saves_nothing() {
    let job = Job::new(&[&describes(&[])]);
    let error = job.run(&ListInstanceTypes, &[("save", "true"), ("family", "t99")]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::NotFound, "describing instance types: no instance types match")
    );
    assert!(job.cx.journal().properties().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_job() {
    let refused = mock!(Client::describe_instance_types).then_http_response(|| refusal("RequestLimitExceeded", "no"));
    let error = Job::new(&[&refused]).run(&ListInstanceTypes, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    let job = Job::refusing_property(&[&describes(&[("t3.nano", 2, 512)])], "instance types");
    let error = job.run(&ListInstanceTypes, &[("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
}

#[test]
fn a_family_is_the_part_before_the_dot() {
    for text in ["t3", "u-6tb1", "hpc7g"] {
        assert_eq!(Family::parse(text), Ok(Family(text.to_owned())));
    }
    for text in ["t3.micro", "t3.*", "T3", "t*", "t 3"] {
        assert!(Family::parse(text).unwrap_err().starts_with("must be a family such as `t3`"), "{text}");
    }
}
