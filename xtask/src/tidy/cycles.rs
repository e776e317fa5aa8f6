//! Finds cycles between the files of a crate that refer to each other, directly or indirectly.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::finding::Finding;
use super::modules::{Arrow, Crate};

type File = Vec<String>;

/// The cycles, one at a time. For files in several cycles, one of the shortest is reported.
pub fn findings(of: &Crate) -> Vec<Finding> {
    let arrows = of.arrows();
    let mut from = BTreeMap::<&File, Vec<&Arrow>>::new();
    for arrow in &arrows {
        from.entry(&arrow.from).or_default().push(arrow);
    }
    let mut found: Vec<Vec<&Arrow>> = from.keys().filter_map(|file| shortest(&from, file)).collect();
    found.sort_by_key(|cycle| cycle.len());
    let mut shown = BTreeSet::new();
    let mut findings = Vec::new();
    for cycle in found {
        if cycle.iter().all(|arrow| !shown.contains(&arrow.from)) {
            shown.extend(cycle.iter().map(|arrow| &arrow.from));
            findings.push(finding(of, &cycle));
        }
    }
    findings
}

/// The shortest path from the file back to itself.
fn shortest<'a>(from: &BTreeMap<&'a File, Vec<&'a Arrow>>, start: &'a File) -> Option<Vec<&'a Arrow>> {
    let mut by = BTreeMap::<&File, &Arrow>::new();
    let mut left = VecDeque::from([start]);
    while let Some(file) = left.pop_front() {
        for &arrow in from.get(file).into_iter().flatten() {
            if by.contains_key(&arrow.to) {
                continue;
            }
            by.insert(&arrow.to, arrow);
            if arrow.to == *start {
                return Some(path_back(&by, start));
            }
            left.push_back(&arrow.to);
        }
    }
    None
}

fn path_back<'a>(by: &BTreeMap<&'a File, &'a Arrow>, start: &File) -> Vec<&'a Arrow> {
    let mut path = Vec::new();
    let mut file = start;
    while let Some(&arrow) = by.get(file) {
        path.push(arrow);
        file = &arrow.from;
        if file == start {
            break;
        }
    }
    path.reverse();
    path
}

fn finding(of: &Crate, cycle: &[&Arrow]) -> Finding {
    let name = |file: &File| of.modules.get(file).map_or_else(String::new, |module| module.file.clone());
    let first = cycle[0];
    let path: Vec<String> = cycle.iter().map(|arrow| format!("{}:{}", name(&arrow.from), arrow.line)).collect();
    Finding {
        file: name(&first.from),
        line: first.line,
        what: format!("a cycle of files: {} -> {}", path.join(" -> "), name(&first.from)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn findings_of(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::new(files);
        let workspace = tree.workspace(&["a"]);
        let crates = Crate::of_package(&workspace, &workspace.packages[0]).unwrap();
        crates.iter().flat_map(|of| shown(&findings(of))).collect()
    }

    #[test]
    fn files_that_mention_each_other_are_a_cycle() {
        let found = findings_of(&[
            ("functions/a/src/lib.rs", "mod one;\nmod three;\nmod two;\n"),
            ("functions/a/src/one.rs", "\nuse crate::two::B;\n"),
            ("functions/a/src/two.rs", "fn f() {\n    super::three::g();\n}\n"),
            ("functions/a/src/three.rs", "macro_rules! m { () => { $crate::one::A } }\n"),
        ]);
        assert_eq!(
            found,
            ["functions/a/src/one.rs:2: a cycle of files: functions/a/src/one.rs:2 -> functions/a/src/two.rs:2 -> \
              functions/a/src/three.rs:1 -> functions/a/src/one.rs"]
        );
    }

    #[test]
    fn a_reexported_name_refers_to_its_defining_file() {
        let found = findings_of(&[
            ("functions/a/src/lib.rs", "mod one;\nmod two;\npub use one::A;\npub use two::*;\n"),
            ("functions/a/src/one.rs", "use crate::B;\npub struct A;\n"),
            ("functions/a/src/two.rs", "pub struct B(crate::A);\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("one.rs:1 -> functions/a/src/two.rs:1"), "{found:?}");
    }

    #[test]
    fn a_parent_that_uses_its_reexport_can_be_in_a_cycle() {
        let child = ("functions/a/src/one/child.rs", "use super::B;\npub struct A;\n");
        let lib = ("functions/a/src/lib.rs", "mod one;\n");
        let parent = "mod child;\npub use child::A;\npub struct B;\n";
        assert_eq!(findings_of(&[lib, child, ("functions/a/src/one.rs", parent)]), [""; 0]);

        let used = format!("{parent}fn f(a: A) {{}}\n");
        assert_eq!(
            findings_of(&[lib, child, ("functions/a/src/one.rs", &used)]),
            ["functions/a/src/one.rs:4: a cycle of files: functions/a/src/one.rs:4 -> functions/a/src/one/child.rs:1 \
              -> functions/a/src/one.rs"]
        );
    }

    #[test]
    fn methods_of_one_type_refer_to_each_others_files() {
        let found = findings_of(&[
            ("functions/a/src/lib.rs", "mod one;\nmod two;\n"),
            ("functions/a/src/one.rs", "pub struct A<T>(T);\nimpl<T: Copy> A<T> {\n    fn f(&self) { self.g(1) }\n}\n"),
            ("functions/a/src/two.rs", "use super::one::A;\nimpl A<u8> {\n    pub fn g(&self, _: u8) {}\n}\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("one.rs:3 -> functions/a/src/two.rs:1"), "{found:?}");
    }

    #[test]
    fn unit_tests_may_use_everything() {
        let found = findings_of(&[
            ("functions/a/src/lib.rs", "mod one;\nmod two;\n#[cfg(test)]\nmod tests;\n"),
            ("functions/a/src/one.rs", "use crate::two::B;\n"),
            (
                "functions/a/src/two.rs",
                "#[cfg(test)]\nuse crate::one::{A};\n#[cfg(test)]\nmod tests {\n    use crate::one;\n}\n",
            ),
            ("functions/a/src/tests.rs", "no Rust at all }"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
