//! What a job records of OpCon properties.

use super::property::PropertyEntry;
use super::state::Journal;

impl Journal {
    /// Enters what became of a property, in place of what was known of it.
    pub fn record_property(&self, entry: PropertyEntry) {
        self.state().properties.insert(entry.name.clone(), entry);
    }

    /// Answers a question about a property, by its full name: with `None` when nothing is recorded of it. The question must
    /// not use the journal, which is locked meanwhile.
    pub fn read_property<T>(&self, full_name: &str, question: impl FnOnce(Option<&PropertyEntry>) -> T) -> T {
        question(self.state().properties.get(full_name))
    }

    /// A copy of all properties, in the order in which they were entered. One that has no value yet gets the one that EC2 has
    /// shown of its instance meanwhile.
    pub fn properties(&self) -> Vec<PropertyEntry> {
        let state = self.state();
        let mut properties: Vec<_> = state.properties.values().cloned().collect();
        for property in properties.iter_mut().filter(|property| property.value.is_none()) {
            property.value = property.contents.value_in(&state.instances);
        }
        properties
    }
}
