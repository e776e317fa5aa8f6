//! Checks the rules for the metadata of functions, on which the command line, the help, the job forms and the policies
//! rely.

use std::collections::BTreeSet;

use crate::args::{ArgSpec, Given, Inputs};
use crate::call::is_read;
use crate::{AnyOperation, IamAction, OperationMeta};

/// Asserts that the metadata of a function is valid and that its examples can be parsed: `check_meta(&ShowTags)`.
/// Conflicts with other functions, or with the common arguments of the host, are found when the program starts.
///
/// # Panics
/// With the first violated rule.
#[track_caller]
pub fn check_meta(operation: &'static dyn AnyOperation) {
    let meta = operation.meta();
    check_name(meta);
    check_texts(meta);
    check_arguments(meta);
    assert!(!meta.iam_actions.is_empty(), "{}: it names no IAM action", meta.name);
    meta.iam_actions.iter().for_each(|action| check_action(meta, action));
    assert_eq!(
        meta.iam_actions.iter().any(|action| action.changes),
        meta.changes_resources,
        "{}: it changes something if one of its IAM actions does",
        meta.name
    );
    assert!(!meta.examples.is_empty(), "{}: it has no example", meta.name);
    let read: BTreeSet<_> =
        meta.examples.iter().flat_map(|example| check_example(operation, example.arguments)).collect();
    for spec in meta.all_arguments() {
        let is_read = read.contains(spec.name);
        assert!(is_read, "{}: {} is not read while the arguments of its examples are parsed", meta.name, spec.name);
    }
}

#[track_caller]
fn check_name(meta: &OperationMeta) {
    let name = meta.name;
    let is_pascal_case = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(is_pascal_case, "{name}: the name is not words like ShowTags");
}

#[track_caller]
fn check_texts(meta: &OperationMeta) {
    let name = meta.name;
    let helps = meta.all_arguments().map(|spec| (spec.name, spec.help));
    let abouts = meta.examples.iter().map(|example| ("example", example.about));
    let description = (!meta.description.is_empty()).then_some(("description", meta.description));
    let texts = [("summary", meta.summary)].into_iter().chain(description).chain(helps).chain(abouts);
    for (what, text) in texts {
        let is_sentence = text.starts_with(|first: char| first.is_ascii_uppercase()) && text.ends_with('.');
        assert!(is_sentence, "{name}, {what}: it is not a sentence: {text}");
        let is_printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        assert!(is_printable, "{name}, {what}: it is not one line of printable ASCII: {text}");
    }
}

#[track_caller]
fn check_arguments(meta: &OperationMeta) {
    let mut seen = BTreeSet::new();
    for name in meta.all_arguments().flat_map(ArgSpec::names) {
        assert!(seen.insert(name), "{}: it has two arguments {name}", meta.name);
        let is_kebab_case = !name.starts_with('-')
            && !name.ends_with('-')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(is_kebab_case, "{}: the argument {name} is not kebab-case", meta.name);
    }
    let names: BTreeSet<_> = meta.all_arguments().map(|spec| spec.name).collect();
    let required = meta.all_arguments().flat_map(|spec| spec.requires);
    for name in required.chain(meta.groups.iter().flat_map(|group| group.members)) {
        assert!(names.contains(name), "{}: its rules speak of {name}, which is no argument of it", meta.name);
    }
    for spec in meta.all_arguments() {
        let is_valid = spec.default.is_none_or(|text| spec.parse(text).is_ok());
        assert!(is_valid, "{}: nobody could type the default of {}", meta.name, spec.name);
    }
}

#[track_caller]
fn check_action(meta: &OperationMeta, action: &IamAction) {
    let (function, full) = (meta.name, action.name);
    let (service, name) = full.split_once(':').unwrap_or_default();
    let is_service = !service.is_empty()
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let is_name = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(is_service && is_name, "{function}: {full} is not an action like ec2:StartInstances");
    let is_read = is_read(service, name, Some(action.changes));
    assert!(!is_read || !action.changes, "{function}: {full} is a read: declare it with `IamAction::read`");
    assert!(is_read || action.changes, "{function}: {full} is a change: declare it with `IamAction::change`");
    assert!(
        service == "ec2" || action.probe.is_none(),
        "{function}: leave out `.probe(...)` of {full}: a probe asks EC2, which knows nothing of other services"
    );
    if let Some(only) = action.optional {
        let can_be_typed = only.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(can_be_typed, "{function}: the permission `{}` is not in lower case", only.name);
        assert!(only.purpose.starts_with("to "), "{function}: `{}` is not a purpose", only.purpose);
    }
}

/// Asserts that an example can be parsed, and that its ids are placeholders. Returns the names of the arguments that parsing
/// reads: an argument that is read later, and is not declared, ends a job that may have changed something already.
#[track_caller]
fn check_example(operation: &'static dyn AnyOperation, words: &'static [&'static str]) -> BTreeSet<&'static str> {
    let meta = operation.meta();
    for id in words.iter().flat_map(|word| word.split(',')).filter(|text| is_long_id(text)) {
        assert!(id.contains("-0123456789abcdef"), "{}: {id} could be somebody's", meta.name);
    }
    let parsed = Inputs::parse(meta.all_arguments(), meta.groups, &given(meta, words));
    let read = parsed.and_then(|inputs| operation.prepare(&inputs).map(|_| inputs.names_read()));
    read.unwrap_or_else(|error| panic!("{}: the example {words:?} is not a job: {error}", meta.name))
}

/// The arguments of an example, without the common ones.
#[track_caller]
fn given(meta: &OperationMeta, words: &'static [&'static str]) -> Vec<Given> {
    let mut words = words.iter();
    let mut given = Vec::new();
    while let Some(word) = words.next() {
        let option = word.strip_prefix("--").unwrap_or_default();
        let (name, joined) = option.split_once('=').map_or((option, None), |(name, text)| (name, Some(text)));
        let spec = meta.all_arguments().find(|spec| spec.names().any(|known| known == name));
        let spec = spec.unwrap_or_else(|| panic!("{}: {word} in its example is no argument of it", meta.name));
        let text = if spec.is_flag() { Some("true") } else { joined.or_else(|| words.next().copied()) };
        let text = text.unwrap_or_else(|| panic!("{}: {word} in its example has no value", meta.name));
        given.push(Given { spec, text: text.to_owned() });
    }
    given
}

/// Whether a text is a long AWS id, e.g. `i-0123456789abcdef0`.
fn is_long_id(text: &str) -> bool {
    let number = text.rsplit_once('-').map(|(_, number)| number).unwrap_or_default();
    number.len() == 17 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::args::{Arg, ArgGroup, Optional};
    use crate::catalog::DESCRIBE_REGIONS;
    use crate::{Context, Example, Outcome, PreparedJob, Result, dry_run};

    const NAME: Arg<String, Optional> = Arg::new("name", "NAME", "A name.");
    const UNREAD: Arg<String, Optional> = Arg::new("unread", "TEXT", "What nobody reads.");
    const GOOD: OperationMeta = OperationMeta::new("ShowThings", "Show things.")
        .arguments(&[&[NAME.spec]])
        .examples(&[Example::new("Show one.", &["--name", "web"])])
        .iam_actions(&[DESCRIBE_REGIONS]);

    /// A function with the metadata of a test.
    struct Sample(OperationMeta);

    impl AnyOperation for Sample {
        fn meta(&self) -> &'static OperationMeta {
            Box::leak(Box::new(self.0))
        }

        fn prepare(&'static self, inputs: &Inputs) -> Result<Box<dyn PreparedJob>> {
            let name = inputs.get(&NAME);
            Ok(Box::new(SampleJob(name)))
        }
    }

    struct SampleJob(Option<String>);

    #[async_trait]
    impl PreparedJob for SampleJob {
        async fn run(&self, _: &Context) -> Result<Outcome> {
            Ok(Outcome::new(self.0.clone().unwrap_or_default()))
        }
    }

    fn broken_rule(meta: OperationMeta) -> String {
        let sample: &'static Sample = Box::leak(Box::new(Sample(meta)));
        let panic = std::panic::catch_unwind(|| check_meta(sample)).unwrap_err();
        panic.downcast_ref::<String>().cloned().unwrap()
    }

    #[test]
    fn valid_metadata_passes() {
        check_meta(Box::leak(Box::new(Sample(GOOD))));
    }

    #[test]
    fn an_action_of_ec2_that_has_no_dry_run_needs_no_probe() {
        const ASSIGN: &[IamAction] = &[IamAction::change("ec2:AssignPrivateIpAddresses")];
        check_meta(Box::leak(Box::new(Sample(GOOD.iam_actions(ASSIGN).changes_resources()))));
    }

    #[test]
    fn an_action_whose_name_tells_nothing_is_what_is_declared() {
        const QUERY: &[IamAction] = &[IamAction::read("dynamodb:Query"), IamAction::read("dynamodb:BatchGetItem")];
        check_meta(Box::leak(Box::new(Sample(GOOD.iam_actions(QUERY)))));
        const CHANGE: &[IamAction] = &[IamAction::change("dynamodb:Query"), IamAction::change("ssm:GetParameter")];
        check_meta(Box::leak(Box::new(Sample(GOOD.iam_actions(CHANGE).changes_resources()))));
    }

    #[test]
    fn each_broken_rule_is_named() {
        const ODD: Example = Example::new("Show one.", &["--region", "eu-west-1"]);
        const BARE: Example = Example::new("Show one.", &["--name"]);
        const CHANGE: &[IamAction] = &[IamAction::change("ec2:DescribeRegions")];
        const READ: &[IamAction] = &[IamAction::read("dynamodb:PutItem")];
        const ASKED: &[IamAction] =
            &[IamAction::read("sts:GetCallerIdentity").probe(dry_run!(|ec2| ec2.describe_regions()))];
        const NO_SERVICE: &[IamAction] = &[IamAction::read("DescribeRegions")];
        for (meta, rule) in [
            (OperationMeta { name: "show-things", ..GOOD }, "not words like ShowTags"),
            (GOOD.description("shows things"), "ShowThings, description: it is not a sentence"),
            (OperationMeta { summary: "Show\u{a0}things.", ..GOOD }, "not one line of printable ASCII"),
            (GOOD.arguments(&[&[NAME.spec], &[NAME.spec]]), "two arguments name"),
            (GOOD.groups(const { &[ArgGroup::at_most_one(&["id"])] }), "rules speak of id"),
            (GOOD.iam_actions(&[]), "names no IAM action"),
            (GOOD.iam_actions(NO_SERVICE), "not an action like"),
            (GOOD.iam_actions(ASKED), "leave out `.probe(...)` of sts:GetCallerIdentity"),
            (GOOD.iam_actions(CHANGE), "ec2:DescribeRegions is a read: declare it with `IamAction::read`"),
            (GOOD.iam_actions(READ), "dynamodb:PutItem is a change: declare it with `IamAction::change`"),
            (GOOD.changes_resources(), "changes something if one of its IAM actions does"),
            (GOOD.examples(&[]), "has no example"),
            (GOOD.examples(&[ODD]), "--region in its example is no argument of it"),
            (GOOD.arguments(&[&[NAME.spec, UNREAD.spec]]), "unread is not read"),
            (GOOD.examples(&[BARE]), "--name in its example has no value"),
        ] {
            let found = broken_rule(meta);
            assert!(found.contains(rule), "{rule}: {found}");
        }
    }
}
