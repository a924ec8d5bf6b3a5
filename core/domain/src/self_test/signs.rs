//! The questionnaire of signs: the sources' lists of what may point to weakness, tightness, a strain or
//! bursitis, asked one by one. It says which lists an answer stands on, and concludes nothing.

use std::sync::OnceLock;

use crate::catalogue::{Catalogue, SelfTest, Sign};
use crate::record::{TestAnswer, TestResult};
use crate::words::Code;

/// The id of the questionnaire, as records name it.
pub const SIGNS: &str = "signs";

/// A list of the sources with what was answered of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSigns {
    /// The list: its title says what it may point to, its note what it lacks, its provenance who
    /// lists it.
    pub list: &'static Sign,
    /// What was answered with yes.
    pub present: Vec<Code>,
    /// What was answered with no.
    pub absent: Vec<Code>,
    /// How many were not answered: unknown, and never taken as no.
    pub unanswered: usize,
}

/// The questionnaire as a self-test: a yes or no for each sign, none of them needed. That they are
/// asked and kept as one record is ours.
pub(super) fn questionnaire() -> &'static SelfTest {
    static QUESTIONNAIRE: OnceLock<SelfTest> = OnceLock::new();
    QUESTIONNAIRE.get_or_init(|| {
        let lists = Catalogue::built_in().signs();
        let fields: Vec<serde_json::Value> = lists
            .iter()
            .flat_map(|list| list.items.iter().map(|item| field_id(list, item)).zip(&list.items))
            .map(|(id, item)| {
                serde_json::json!({ "id": id, "label": item, "type": "bool", "optional": true })
            })
            .collect();
        let mut sources: Vec<_> =
            lists.iter().flat_map(|list| list.provenance.sources.all()).collect();
        sources.sort();
        sources.dedup();
        let test = serde_json::json!({
            "id": SIGNS,
            "per_side": false,
            "fields": fields,
            "thresholds": [],
            "caveats": [{ "code": "test_record.signs_caveat", "ours": true }],
            "sources": sources,
            "ours": ["fields"],
        });
        serde_json::from_value(test).expect("a test reads every list of signs as a questionnaire")
    })
}

/// `LIST.SIGN`, as records name a sign.
fn field_id(list: &Sign, item: &Code) -> String {
    let sign = item.as_str().rsplit('.').next().unwrap_or_default();
    format!("{}.{sign}", list.id)
}

/// The lists that at least one sign of was answered with yes, in the order of the catalogue. A sign
/// that stands on several lists is asked for each: the sources do not word them alike.
#[must_use]
pub fn listed_signs(result: &TestResult) -> Vec<ListedSigns> {
    let of = |list: &'static Sign| {
        let mut signs =
            ListedSigns { list, present: Vec::new(), absent: Vec::new(), unanswered: 0 };
        for item in &list.items {
            match result.answers.get(&field_id(list, item)) {
                Some(TestAnswer::Bool(true)) => signs.present.push(item.clone()),
                Some(TestAnswer::Bool(false)) => signs.absent.push(item.clone()),
                _ => signs.unanswered += 1,
            }
        }
        signs
    };
    let lists = Catalogue::built_in().signs().iter().map(of);
    lists.filter(|signs| !signs.present.is_empty()).collect()
}
