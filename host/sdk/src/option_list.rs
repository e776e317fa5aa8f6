//! The option lists of OpCon, from which job forms offer images, instance types and regions.

/// One of the option lists.
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
    /// All of them, in the order in which they are reported.
    pub const ALL: [OptionList; 3] = [OptionList::Images, OptionList::InstanceTypes, OptionList::Regions];

    /// What is in it, in the plural: `images`.
    pub const fn contents(self) -> &'static str {
        match self {
            OptionList::Images => "images",
            OptionList::InstanceTypes => "instance types",
            OptionList::Regions => "regions",
        }
    }

    /// So many of its contents in words: `1 region`, `2 regions`.
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
    /// What people read beside it; only images have it.
    pub description: Option<String>,
}
