//! Tests the conversion of option list entries to text and back.

use proptest::prelude::*;

use super::*;

fn entry(id: &str, description: Option<&str>) -> OptionEntry {
    OptionEntry { id: id.to_owned(), description: description.map(str::to_owned) }
}

#[test]
fn each_entry_is_written_and_read_in_the_form_of_its_list() {
    for (list, entry, text) in [
        (OptionList::Images, entry("ami-0123abcd", Some("Web, old : x86")), "Web, old : x86 : ami-0123abcd"),
        (OptionList::Images, entry("resolve:ssm:/web:1", Some("newest")), "newest : resolve:ssm:/web:1"),
        (OptionList::InstanceTypes, entry("u-6tb1.112xlarge", None), "u-6tb1.112xlarge"),
        (OptionList::Regions, entry("us-gov-east-1", None), "US_GOV_EAST_1"),
    ] {
        assert_eq!((row(list).write)(&entry).unwrap(), text);
        assert_eq!((row(list).read)(text).unwrap(), entry);
    }
}

#[test]
fn an_image_without_a_description_is_described_by_its_id() {
    for description in [None, Some(""), Some("\" \"")] {
        let text = (row(OptionList::Images).write)(&entry("ami-0123abcd", description)).unwrap();
        assert_eq!(text, "ami-0123abcd : ami-0123abcd");
    }
    assert_eq!(read_image("ami-0123abcd").unwrap(), entry("ami-0123abcd", None));
}

#[test]
fn invalid_names_are_not_written() {
    for (list, id, expected) in [
        (OptionList::Images, "i-0123abcd", "writing the option list AWS_IMAGES: `i-0123abcd` must be an image id"),
        (OptionList::InstanceTypes, "t3", "writing the option list AWS_SIZES: `t3` must be an instance type"),
        (OptionList::Regions, "us-east-1a", "writing the option list AWS_REGIONS: `us-east-1a` must be a region"),
    ] {
        let error = texts(list, &[entry(id, None)]).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

proptest! {
    #[test]
    fn an_image_entry_with_any_description_is_read_back(description in ".*") {
        let text = write_image(&entry("ami-0123abcd", Some(&description))).unwrap();
        prop_assert!(opcon::option_lists::to_property("AWS_IMAGES", std::slice::from_ref(&text)).is_ok() || text.chars().count() > 3998);
        prop_assert_eq!(read_image(&text).unwrap().id, "ami-0123abcd");
    }

    #[test]
    fn a_region_in_an_option_list_is_that_region(name in "[a-z]{2}(-[a-z]{1,5}){1,2}-[0-9]") {
        let row = row(OptionList::Regions);
        let text = (row.write)(&entry(&name, None)).unwrap();
        prop_assert_eq!((row.read)(&text).unwrap(), entry(&name, None));
    }
}
