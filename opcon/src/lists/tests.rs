//! Tests of the lists.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn list<T: Entry>(texts: &[&str]) -> List<T> {
    List::new(texts.iter().map(|text| T::parse(text).unwrap()).collect())
}

#[test]
fn each_list_has_its_property_and_its_lines() {
    let images = list::<Image>(&["Amazon Linux : ami-0abc1", "Web, old : x86 : ami-2"]);
    assert_eq!(Image::PROPERTY, "AWS_IMAGES");
    assert_eq!(images.to_property().unwrap().as_str(), r#""Amazon Linux : ami-0abc1","Web, old : x86 : ami-2""#);
    assert_eq!(images.to_script(), "IMAGE Amazon Linux : ami-0abc1\nIMAGE Web, old : x86 : ami-2\n");
    assert_eq!((images.entries()[1].description(), images.entries()[1].id()), ("Web, old : x86", "ami-2"));

    let types = list::<InstanceType>(&["t3.micro", "u-6tb1.112xlarge"]);
    assert_eq!(InstanceType::PROPERTY, "AWS_SIZES");
    assert_eq!(types.to_property().unwrap().as_str(), r#""t3.micro","u-6tb1.112xlarge""#);
    assert_eq!(
        (types.to_script().as_str(), types.entries()[0].as_str()),
        ("SIZE t3.micro\nSIZE u-6tb1.112xlarge\n", "t3.micro")
    );

    let regions = list::<Region>(&["us-east-1", "US_GOV_EAST_1", "Ap_NorthEast_1"]);
    assert_eq!(Region::PROPERTY, "AWS_REGIONS");
    assert_eq!(regions.to_property().unwrap().as_str(), r#""US_EAST_1","US_GOV_EAST_1","AP_NORTHEAST_1""#);
    assert_eq!(regions.to_script(), "REGION US_EAST_1\nREGION US_GOV_EAST_1\nREGION AP_NORTHEAST_1\n");
    let names: Vec<&str> = regions.entries().iter().map(Region::ec2_name).collect();
    assert_eq!(names, ["us-east-1", "us-gov-east-1", "ap-northeast-1"]);
}

#[test]
fn lists_kept_by_hand_are_read() {
    let types = List::<InstanceType>::from_property(" \"t3.micro\" ,\n\"m5.large\" ").unwrap();
    assert_eq!(types, list(&["t3.micro", "m5.large"]));
    assert!(List::<Region>::from_property(" ").unwrap().entries().is_empty());
    let script =
        DataScript::parse("\u{feff}SIZE  t3.micro\r\n\r\nREGION US_EAST_1\r\n IMAGE a b : ami-1 \r\nSIZE m5.large")
            .unwrap();
    assert_eq!(script.instance_types, types);
    assert_eq!(script.to_text(), "IMAGE a b : ami-1\nSIZE t3.micro\nSIZE m5.large\nREGION US_EAST_1\n");
}

#[test]
fn wrong_entries_are_named_by_their_number() {
    for (value, reason) in [
        ("t3.micro", "entry 1: it is not in double quotes"),
        ("\"t3.micro\",m5.large", "entry 2: it is not in double quotes"),
        ("\"t3.micro\",\"m5.large", "entry 2: its closing quote is missing"),
        ("\"t3.micro\" \"m5.large\"", "entry 1: no comma stands behind it"),
        ("\"t3.micro\", ", "entry 1: a comma stands behind it, and no entry"),
        ("\"t3.micro\",\"\"", "entry 2: '': it has not the form of an instance type, such as t3.micro"),
        ("\"T3.micro\"", "it has not the form of an instance type"),
    ] {
        let error = List::<InstanceType>::from_property(value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(
            error.to_string().starts_with("reading the list AWS_SIZES: ") && error.to_string().contains(reason),
            "{error}"
        );
    }
    for (text, reason) in [
        ("SIZE t3.micro\nsize m5.large", "line 2: it begins with none of IMAGE, SIZE and REGION"),
        ("REGION", "line 1: it has not the form of a region"),
        ("\nREGION east", "line 2: it has not the form of a region, such as US_EAST_1"),
        ("IMAGE ami-1", "line 1: it has not the form 'description : ami-...'"),
    ] {
        let error = DataScript::parse(text).unwrap_err();
        assert_eq!(
            error.to_string().strip_prefix("reading the script of lists: ").map(|e| e.starts_with(reason)),
            Some(true),
            "{error}"
        );
    }
}

#[test]
fn images_that_a_list_cannot_hold_are_refused() {
    for (text, reason) in [
        ("web", "it has not the form"),
        ("web : i-1", "is not the id of an image"),
        ("web : ami-", "the id of the image has other characters"),
        ("web : ami-1\"", "the id of the image has other characters"),
        (" : ami-1", "the description is empty"),
        ("a\"b : ami-1", "a double quote or a control character"),
        ("a\nb : ami-1", "a double quote or a control character"),
        ("[[X]] : ami-1", "would take for a reference"),
    ] {
        let wrong = Image::parse(text).unwrap_err();
        assert!(wrong.contains(reason), "{text}: {wrong}");
    }
    assert!(Image::described("web", "i-1").is_err());
}

#[test]
fn descriptions_from_elsewhere_are_made_fit() {
    let described = |text| Image::described(text, "ami-1").unwrap().to_string();
    assert_eq!(described(" The \"new\"\r\n image, [[X]] {{{Y}} "), "The new image, [X] {Y} : ami-1");
    assert_eq!(described("\" \""), "ami-1 : ami-1");
}

#[test]
fn a_list_that_is_too_long_is_refused_with_its_length() {
    let types = |count| List::new(vec![InstanceType::parse("t3.micro").unwrap(); count]);
    let error = types(364).to_property().unwrap_err();
    assert_eq!(
        error.to_string(),
        "writing the list AWS_SIZES: its 364 entries have 4003 characters; OpCon allows 4000"
    );
    assert_eq!(error.hint(), Some("leave entries out"));
    assert_eq!(types(363).to_property().unwrap().as_str().len(), 363 * 11 - 1);
}

fn images() -> impl Strategy<Value = Image> {
    ("\\PC{0,30}", "ami-[0-9a-f]{1,17}").prop_map(|(description, id)| Image::described(&description, &id).unwrap())
}

fn instance_types() -> impl Strategy<Value = InstanceType> {
    "[a-z0-9-]{1,8}\\.[a-z0-9-]{1,10}".prop_map(|text| InstanceType::parse(&text).unwrap())
}

fn regions() -> impl Strategy<Value = Region> {
    "[a-z]{2}(-[a-z]{1,5}){1,2}-[0-9]".prop_map(|text| Region::parse(&text).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        images in vec(images(), 0..8), types in vec(instance_types(), 0..8), regions in vec(regions(), 0..8),
    ) {
        let script = DataScript { images: List::new(images), instance_types: List::new(types), regions: List::new(regions) };
        prop_assert_eq!(&DataScript::parse(&script.to_text()).unwrap(), &script);
        let DataScript { images, instance_types, regions } = script;
        prop_assert_eq!(List::from_property(images.to_property().unwrap().as_str()).unwrap(), images);
        prop_assert_eq!(List::from_property(instance_types.to_property().unwrap().as_str()).unwrap(), instance_types);
        prop_assert_eq!(List::from_property(regions.to_property().unwrap().as_str()).unwrap(), regions);
    }

    #[test]
    fn every_name_of_a_region_is_that_of_one_region(name in "[a-z]{2}(-[a-z]{1,5}){1,2}-[0-9]") {
        let region = Region::parse(&name).unwrap();
        prop_assert_eq!(region.ec2_name(), &name);
        prop_assert_eq!(Region::parse(&region.to_string()).unwrap(), region);
    }

    #[test]
    fn any_description_is_made_fit(description in ".*") {
        prop_assert!(Image::described(&description, "ami-1").is_ok());
    }
}

#[test]
fn a_script_in_a_file_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    let mut script = DataScript::read(&path).unwrap();
    assert_eq!(script.to_text(), "", "a missing file has no list");
    script.regions = List::new(vec![Region::parse("us-east-1").unwrap()]);
    script.write(&path).unwrap();
    script.instance_types = List::new(vec![InstanceType::parse("t3.micro").unwrap()]);
    script.write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "SIZE t3.micro\nREGION US_EAST_1\n");
    assert_eq!(DataScript::read(&path).unwrap(), script);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_script_that_cannot_be_read_or_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    std::fs::write(&path, "COLOUR red\n").unwrap();
    let error = DataScript::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("reading {}: ", path.display())), "{error}");
    assert!(error.ends_with("line 1: it begins with none of IMAGE, SIZE and REGION"), "{error}");
    let nowhere = folder.path().join("missing").join("lists.txt");
    let error = DataScript::parse("").unwrap().write(&nowhere).unwrap_err().to_string();
    assert!(error.starts_with(&format!("writing {}: ", nowhere.display())), "{error}");
}
