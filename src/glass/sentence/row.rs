//! A row of the catalogue: when it fits, and what it says.

use super::facts::{Facts, Step};

/// A row: if the decision was taken and the condition is true, this is said.
#[derive(Debug)]
pub struct Row {
    /// Its name, by which tests know it.
    pub name: &'static str,
    /// The decision that the exchange turned on. Without it the row does not fit.
    step: Option<Step>,
    when: fn(&Facts<'_>) -> bool,
    /// The sentence, with what stands in braces to be filled in: see [`Facts::word`].
    says: &'static str,
}

impl Row {
    pub(super) const fn new(
        name: &'static str,
        step: Step,
        when: fn(&Facts<'_>) -> bool,
        says: &'static str,
    ) -> Row {
        Row { name, step: Some(step), when, says }
    }

    /// A row for what turns on no decision of ours.
    pub(super) const fn without_step(
        name: &'static str,
        when: fn(&Facts<'_>) -> bool,
        says: &'static str,
    ) -> Row {
        Row { name, step: None, when, says }
    }

    /// Whether it fits.
    pub(super) fn fits(&self, facts: &Facts<'_>) -> bool {
        self.step.is_none_or(|step| facts.index_of(step).is_some()) && (self.when)(facts)
    }

    /// Which decision it names.
    pub(super) fn deciding(&self, facts: &Facts<'_>) -> Option<usize> {
        facts.index_of(self.step?)
    }

    /// The sentence for these facts. `value` is that of the decision.
    pub(super) fn fill(&self, facts: &Facts<'_>, value: Option<&str>) -> String {
        let mut text = String::new();
        let mut rest = self.says;
        while let Some((before, behind)) = rest.split_once('{') {
            let (word, after) = behind.split_once('}').expect("it is closed");
            text.push_str(before);
            match word {
                "value" => text.push_str(value.unwrap_or_default()),
                _ => text.push_str(&facts.word(word)),
            }
            rest = after;
        }
        text + rest
    }
}

/// For rows whose decision says it all.
pub(super) fn always(_: &Facts<'_>) -> bool {
    true
}
