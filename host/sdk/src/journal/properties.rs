//! Journal records of OpCon properties.

use super::property::PropertyEntry;
use super::state::Journal;

impl Journal {
    /// Records a property, and replaces its earlier entry.
    pub fn record_property(&self, entry: PropertyEntry) {
        self.state().properties.insert(entry.name.clone(), entry);
    }

    /// Calls `read` with the entry of a property, by its full name; `None` if there is none. `read` must not use the
    /// journal, which is locked meanwhile.
    pub fn read_property<T>(&self, full_name: &str, read: impl FnOnce(Option<&PropertyEntry>) -> T) -> T {
        read(self.state().properties.get(full_name))
    }

    /// A copy of all properties, in the order of recording. A property without a value gets the recorded value of its
    /// instance.
    pub fn properties(&self) -> Vec<PropertyEntry> {
        let state = self.state();
        let mut properties: Vec<_> = state.properties.values().cloned().collect();
        for property in properties.iter_mut().filter(|property| property.value.is_none()) {
            property.value = property.contents.value_in(&state.instances);
        }
        properties
    }
}
