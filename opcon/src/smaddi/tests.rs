//! Tests of job definitions, parsed with an independent XML library.

use proptest::prelude::*;
use xmltree::Element;

use super::*;

fn windows(command_line: &str) -> Program {
    let working_directory = Some(r"[[AWSEC2Path]]\".into());
    Program::Windows { command_line: command_line.into(), working_directory, user: r"DOMAIN\user".into() }
}

fn unix(parameters: &str) -> Program {
    Program::Unix {
        start_image: "/opt/awsec2/awsec2".into(),
        parameters: parameters.into(),
        user: "opcon".into(),
        group: "jobs".into(),
    }
}

fn define(program: Program) -> Result<JobDefinition, Error> {
    JobDefinition::new("Night", "START EC2", "MACHINE1", program)
}

#[test]
fn a_windows_job_has_the_documented_form() {
    let xml = define(windows(r#""[[AWSEC2Path]]\awsec2.exe" --list & <x>"#)).unwrap().to_xml().unwrap();
    let expected = r#"<msg>
  <msgtype>new_master</msgtype>
  <schedule>
    <skdname>Night</skdname>
    <job>
      <jname>START EC2</jname>
      <platform>Windows</platform>
      <pmname>MACHINE1</pmname>
      <jobdata>
        <wuid>DOMAIN\user</wuid>
        <job_priority>Normal</job_priority>
        <win_job_action>Run Program</win_job_action>
        <cmd_line>&quot;[[AWSEC2Path]]\awsec2.exe&quot; --list &amp; &lt;x&gt;</cmd_line>
        <working_dir>[[AWSEC2Path]]\</working_dir>
        <fail_1_cond>NE</fail_1_cond>
        <fail_1_val>0</fail_1_val>
      </jobdata>
    </job>
  </schedule>
</msg>
"#;
    assert_eq!(xml, expected);
}

#[test]
fn a_unix_job_has_the_documented_form() {
    let xml = define(unix("StartInstance")).unwrap().to_xml().unwrap();
    let data = r#"      <platform>UNIX</platform>
      <pmname>MACHINE1</pmname>
      <jobdata>
        <start_image>/opt/awsec2/awsec2</start_image>
        <params>StartInstance</params>
        <uxuid>opcon</uxuid>
        <grp_id>jobs</grp_id>
        <unix_job_action>Run Program</unix_job_action>
        <exit_info>
          <exit_oper>NE</exit_oper>
          <exit_val>0</exit_val>
        </exit_info>
        <sgnl_info>
          <sgnl_oper>NE</sgnl_oper>
          <sgnl_val>0</sgnl_val>
        </sgnl_info>
      </jobdata>
"#;
    assert!(xml.contains(data), "{xml}");
    assert!(!define(unix("")).unwrap().to_xml().unwrap().contains("params"));
}

#[test]
fn invalid_definitions_are_rejected() {
    let long = |count| "x".repeat(count);
    let named = |schedule: &str, job: &str, machine: &str| JobDefinition::new(schedule, job, machine, unix(""));
    let no_user = Program::Windows { command_line: "x".into(), working_directory: None, user: String::new() };
    let far = Program::Windows { command_line: "x".into(), working_directory: Some(long(256)), user: "u".into() };
    let path = Program::Unix { start_image: long(2001), parameters: "".into(), user: "u".into(), group: "g".into() };
    let group = Program::Unix { start_image: "x".into(), parameters: "".into(), user: "u".into(), group: long(31) };
    for (definition, reason) in [
        (named("", "J", "M"), "the name of the schedule is missing"),
        (named(&long(256), "J", "M"), "the name of the schedule has 256 characters; OpCon allows 255"),
        (named("S", &long(65), "M"), "the name of the job has 65 characters; OpCon allows 64"),
        (named("S", "J[1]", "M"), "the name of the job contains the character [, which OpCon does not allow"),
        (named("S", "</jname>", "M"), "the name of the job contains the character <"),
        (named("S", " J", "M"), "the name of the job has spaces around it"),
        (named("S", "J", &long(25)), "the name of the machine has 25 characters; OpCon allows 24"),
        (named("S", "J", "M~"), "the name of the machine contains the character ~"),
        (define(windows("")), "the command line is missing"),
        (define(windows(&long(4001))), "the command line has 4001 characters; OpCon allows 4000"),
        (define(windows("a\u{b}b")), "the command line contains a character that is not printable ASCII, U+000B"),
        (define(windows("\u{e9}")), "not printable ASCII, U+00E9"),
        (named("\u{e9}", "J", "M"), "not printable ASCII, U+00E9"),
        (named("S", "\u{e9}", "M"), "not printable ASCII, U+00E9"),
        (named("S", "J", "\u{e9}"), "not printable ASCII, U+00E9"),
        (define(no_user), "the user is missing"),
        (define(far), "the working directory has 256 characters; OpCon allows 255"),
        (define(unix(&long(2001))), "the text of the parameters has 2001 characters; OpCon allows 2000"),
        (define(unix("it's")), "the text of the parameters contains the character ', which OpCon does not allow"),
        (define(path), "the path of the program has 2001 characters"),
        (define(group), "the group has 31 characters; OpCon allows 30"),
    ] {
        let error = definition.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with("defining the OpCon job `"), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.hint().is_some(), reason.contains("U+00E9"), "{error}");
    }
}

#[test]
fn the_largest_definition_is_well_below_two_megabytes() {
    let program = windows(&"&".repeat(4000));
    let definition = JobDefinition::new(&"s".repeat(255), &"j".repeat(64), &"m".repeat(24), program).unwrap();
    assert!(definition.to_xml().unwrap().len() < 30_000);
}

#[test]
fn a_definition_is_written_completely() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("input");
    std::fs::create_dir(&folder).unwrap();
    let definition = define(unix("--list")).unwrap();
    let file = definition.drop_into(&folder).unwrap();
    assert_eq!(file.extension().unwrap(), "xml");
    assert_eq!(std::fs::read_to_string(file).unwrap(), definition.to_xml().unwrap());
    let error = definition.drop_into(&above.path().join("missing")).unwrap_err();
    assert!(error.to_string().contains("missing: "), "{error}");
}

/// The names of all elements, outermost first.
fn names(element: &Element) -> Vec<&str> {
    let children = element.children.iter().filter_map(|child| child.as_element()).flat_map(names);
    std::iter::once(element.name.as_str()).chain(children).collect()
}

/// The text of the first element with this name.
fn text(element: &Element, name: &str) -> Option<String> {
    if element.name == name {
        return Some(element.get_text().unwrap_or_default().into_owned());
    }
    element.children.iter().filter_map(|child| child.as_element()).find_map(|child| text(child, name))
}

proptest! {
    #[test]
    fn no_text_adds_an_element(command_line in "[!-~]([ -~]|<!--|]]>|<cmd_line>|&lt;){0,40}[!-~]", user in "[!-~]{1,32}") {
        let program = |command_line: &str, user: &str| Program::Windows {
            command_line: command_line.into(),
            working_directory: None,
            user: user.into(),
        };
        let read = |program| Element::parse(define(program).unwrap().to_xml().unwrap().as_bytes()).unwrap();
        let (plain, written) = (read(program("x", "u")), read(program(&command_line, &user)));
        prop_assert_eq!(names(&plain), names(&written));
        prop_assert_eq!(text(&written, "cmd_line"), Some(command_line));
        prop_assert_eq!(text(&written, "wuid"), Some(user));
    }
}
