//! The option lists of job forms: images, instance types and regions.

/// An option list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OptionList {
    /// Images to launch.
    Images,
    /// Instance types.
    InstanceTypes,
    /// Regions.
    Regions,
}

impl OptionList {
    /// All lists, in the order in which they are reported.
    pub const ALL: [OptionList; 3] = [OptionList::Images, OptionList::InstanceTypes, OptionList::Regions];

    /// The contents, in the plural, e.g. `images`.
    pub const fn contents(self) -> &'static str {
        match self {
            OptionList::Images => "images",
            OptionList::InstanceTypes => "instance types",
            OptionList::Regions => "regions",
        }
    }

    /// A number of entries, e.g. `1 region`, `2 regions`.
    pub fn count_of(self, count: usize) -> String {
        let contents = self.contents();
        format!("{count} {}", if count == 1 { contents.trim_end_matches('s') } else { contents })
    }
}

/// An entry of an option list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionEntry {
    /// The name or id in EC2: `ami-...`, `t3.micro`, `us-east-1`.
    pub id: String,
    /// The description for users; only images have one.
    pub description: Option<String>,
}
