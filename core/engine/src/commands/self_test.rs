//! Self-tests: recording what was found, and looking back. What a result may mean is the domain's to
//! say; here it is put together with what was recorded before.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::catalogue::SelfTest;
use holdfast_domain::ids::SourceId;
use holdfast_domain::record::{DayFact, TestAnswer, TestResult};
use holdfast_domain::self_test::{self, Moved, SideDifference, TestRefusal};
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::{DayKind, Side, Source};
use holdfast_domain::words::{Code, Words};
use rusqlite::Connection;
use serde::Serialize;

use super::routine::find::{Named, pick};
use crate::error::{Error, Result};
use crate::projection::days::{DayFilter, DayRow};
use crate::projection::status::Statuses;
use crate::views::{SeenBy, StatusKind, rfc3339};
use crate::{Engine, HoldfastError, Inner};

/// The result of a self-test to record.
#[derive(Debug, Clone, PartialEq)]
pub struct TestRequest {
    /// The test, by its id or any unambiguous beginning of it.
    pub test: String,
    /// The side tested, where the test has sides.
    pub side: Option<Side>,
    /// What was found, by field; see [`SelfTest::read`] for what a person typed.
    pub answers: BTreeMap<String, TestAnswer>,
    /// When; now, where nothing is said.
    pub at: Option<Moment>,
    /// A note.
    pub note: Option<String>,
}

/// What the sources say of one answer. Information, not diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadingView {
    /// The field it speaks of.
    pub field: String,
    /// What it may mean, as a code of the words.
    pub meaning: Code,
    /// Who says so.
    pub sources: Vec<SourceId>,
}

/// Signs that were answered with yes, on the list that the sources put them on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignsView {
    /// The list.
    pub list: String,
    /// What the list is of, as a code of the words.
    pub title: Code,
    /// What the list lacks, as a code of the words.
    pub note: Code,
    /// What was answered with yes.
    pub present: Vec<Code>,
    /// What was answered with no.
    pub absent: Vec<Code>,
    /// How many were not answered.
    pub unanswered: usize,
    /// Who lists them.
    pub sources: Vec<SourceId>,
}

/// A result of a self-test as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResultView {
    /// Its id.
    pub id: String,
    /// The test.
    pub test: String,
    /// The side; nothing where the test has none.
    pub side: Option<Side>,
    /// When it was, RFC 3339 with the offset of there and then.
    pub at: String,
    /// The local day it counts for.
    pub local_day: LocalDay,
    /// What was found, by field.
    pub answers: BTreeMap<String, TestAnswer>,
    /// What the sources say of it.
    pub readings: Vec<ReadingView>,
    /// For the questionnaire of signs: the lists that an answer stands on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<SignsView>,
    /// A note.
    pub note: Option<String>,
    /// Typed in, or imported.
    pub source: Source,
    /// Who wrote it down, where that is not the person: what this account calls them. Verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_by: Option<String>,
    /// The device that recorded it, as hex.
    pub device: String,
    /// How far it has come.
    pub status: StatusKind,
    /// The devices that have it besides its author.
    pub seen_by: BTreeSet<SeenBy>,
}

/// How a test on one side changed from its first result to its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestChange {
    /// The side; nothing where the test has none.
    pub side: Option<Side>,
    /// How many results there are.
    pub n: usize,
    /// The local day of the first.
    pub from: LocalDay,
    /// The local day of the last.
    pub to: LocalDay,
    /// What changed, field by field.
    pub fields: Vec<Moved>,
}

/// The last results of the left and the right beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imbalance {
    /// The local day of the left's.
    pub left_on: LocalDay,
    /// The local day of the right's.
    pub right_on: LocalDay,
    /// The fields that both answer.
    pub fields: Vec<SideDifference>,
}

/// What was recorded of one test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestHistory {
    /// The test.
    pub test: String,
    /// The results, the newest first.
    pub results: Vec<TestResultView>,
    /// From first to last, for each side with two results or more.
    pub changes: Vec<TestChange>,
    /// Left against right, where both were tested.
    pub imbalance: Option<Imbalance>,
}

/// A test with its last result on each side.
#[derive(Debug, Clone, PartialEq)]
pub struct TestView {
    /// The test: what it asks, what a result may mean, what to keep in mind.
    pub test: &'static SelfTest,
    /// The last result of each side it was done on.
    pub last: Vec<TestResultView>,
}

impl Engine {
    /// Every self-test with its last results.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tests(&self) -> std::result::Result<Vec<TestView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let statuses = inner.statuses(conn)?;
                let last = |test: &'static SelfTest| {
                    let mut last = Vec::new();
                    for side in sides(test) {
                        let filter = DayFilter { side: Some(*side), limit: Some(1), ..of(test) };
                        last.extend(inner.results(conn, test, &filter, &statuses)?);
                    }
                    Ok(TestView { test, last })
                };
                self_test::all().map(last).collect()
            })
        })
    }

    /// Records the result of a self-test, and gives it with what the sources say of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`] for a test there is none of, [`HoldfastError::BadInput`] with the
    /// field at fault for a result that does not fit it or lies ahead; nothing is written then.
    pub fn record_test(
        &self,
        request: &TestRequest,
    ) -> std::result::Result<TestResultView, HoldfastError> {
        self.guarded(|inner| {
            let test = find(&request.test)?;
            let result = test.checked(request.side, request.answers.clone()).map_err(refused)?;
            inner.command("test record", |tx, journal| {
                let note = request.note.as_deref();
                let what = DayFact::Test(result);
                let made = inner.record_day(tx, journal, request.at.as_ref(), what, note)?;
                let row = inner.find_day(tx.reader(), Some(DayKind::Test), made.id.as_str())?;
                let statuses = inner.statuses(tx.reader())?;
                inner
                    .result(tx.reader(), test, row, &statuses)?
                    .ok_or_else(|| Error::Unreadable("a test's result is none".to_owned()))
            })
        })
    }

    /// What was recorded of a test, the newest first, with how it changed and how the sides differ.
    /// `since` and `until` are local days.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn test_history(
        &self,
        test: &str,
        since: Option<LocalDay>,
        until: Option<LocalDay>,
    ) -> std::result::Result<TestHistory, HoldfastError> {
        self.guarded(|inner| {
            let test = find(test)?;
            inner.store.read(|conn| {
                let statuses = inner.statuses(conn)?;
                let filter = DayFilter { since, until, ..of(test) };
                let results = inner.results(conn, test, &filter, &statuses)?;
                let changes = sides(test).iter().filter_map(|side| changed(&results, *side));
                Ok(TestHistory {
                    test: test.id.to_string(),
                    changes: changes.collect(),
                    imbalance: imbalance(&results),
                    results,
                })
            })
        })
    }
}

impl Inner {
    fn results(
        &self,
        conn: &Connection,
        test: &SelfTest,
        filter: &DayFilter<'_>,
        statuses: &Statuses,
    ) -> Result<Vec<TestResultView>> {
        let rows = self.day_rows(conn, filter)?;
        let views = rows.into_iter().map(|row| self.result(conn, test, row, statuses));
        views.filter_map(Result::transpose).collect()
    }

    /// A result as people see it.
    fn result(
        &self,
        conn: &Connection,
        test: &SelfTest,
        row: DayRow,
        statuses: &Statuses,
    ) -> Result<Option<TestResultView>> {
        let logged_by = self.logger(conn, &row.record.author)?;
        Ok(view(test, row, statuses).map(|view| TestResultView { logged_by, ..view }))
    }
}

/// The records of a test.
fn of(test: &SelfTest) -> DayFilter<'_> {
    let about = Some(test.id.as_str());
    DayFilter { kind: Some(DayKind::Test), about, ..DayFilter::default() }
}

const fn sides(test: &SelfTest) -> &'static [Side] {
    if test.per_side { &[Side::Left, Side::Right] } else { &[Side::None] }
}

fn find(key: &str) -> Result<&'static SelfTest> {
    let words = Words::english();
    let tests: Vec<(&SelfTest, String)> = self_test::all()
        .map(|test| {
            let name = words.find(&format!("exercise.{}.name", test.id));
            (test, name.unwrap_or_default().to_owned())
        })
        .collect();
    let named: Vec<Named<'_, &'static SelfTest>> = tests
        .iter()
        .map(|(test, name)| Named { id: test.id.as_str(), name, thing: *test })
        .collect();
    pick("self-test", key, &named)
}

fn refused(refusal: TestRefusal) -> Error {
    Error::bad_value(refusal.field(), refusal.message())
}

fn view(test: &SelfTest, row: DayRow, statuses: &Statuses) -> Option<TestResultView> {
    let status = statuses.of(std::slice::from_ref(&row.travel));
    let (author, record) = (row.record.author, row.record.value);
    let DayFact::Test(result) = record.what else { return None };
    let readings = self_test::readings(test, &result).map(|threshold| ReadingView {
        field: threshold.field.clone(),
        meaning: threshold.meaning.clone(),
        sources: threshold.sources.clone(),
    });
    Some(TestResultView {
        id: record.id.to_string(),
        test: test.id.to_string(),
        side: (result.side != Side::None).then_some(result.side),
        at: rfc3339(&record.at),
        local_day: record.local_day,
        readings: readings.collect(),
        signs: if test.id.as_str() == self_test::SIGNS { signs(&result) } else { Vec::new() },
        answers: result.answers,
        note: record.note,
        source: record.source,
        logged_by: None,
        device: author.device.to_string(),
        status: status.kind,
        seen_by: status.seen_by,
    })
}

fn signs(result: &TestResult) -> Vec<SignsView> {
    self_test::listed_signs(result)
        .into_iter()
        .map(|signs| SignsView {
            list: signs.list.id.clone(),
            title: signs.list.title.clone(),
            note: signs.list.note.clone(),
            present: signs.present,
            absent: signs.absent,
            unanswered: signs.unanswered,
            sources: signs.list.provenance.sources.all().into_iter().cloned().collect(),
        })
        .collect()
}

/// A result as it is compared with another.
fn result(view: &TestResultView) -> Option<TestResult> {
    let test = view.test.parse().ok()?;
    let side = view.side.unwrap_or(Side::None);
    Some(TestResult { test, side, answers: view.answers.clone() })
}

/// `results` are the newest first.
fn changed(results: &[TestResultView], side: Side) -> Option<TestChange> {
    let on = |view: &&TestResultView| view.side.unwrap_or(Side::None) == side;
    let n = results.iter().filter(on).count();
    let last = results.iter().find(on)?;
    let first = results.iter().rev().find(on)?;
    if n < 2 {
        return None;
    }
    let fields = self_test::change(&result(first)?, &result(last)?).fields;
    let side = (side != Side::None).then_some(side);
    Some(TestChange { side, n, from: first.local_day, to: last.local_day, fields })
}

/// `results` are the newest first.
fn imbalance(results: &[TestResultView]) -> Option<Imbalance> {
    let last = |side| results.iter().find(|view| view.side == Some(side));
    let (left, right) = (last(Side::Left)?, last(Side::Right)?);
    Some(Imbalance {
        left_on: left.local_day,
        right_on: right.local_day,
        fields: self_test::differences(&result(left)?, &result(right)?),
    })
}

#[cfg(test)]
mod tests {
    use holdfast_domain::record::Amount;

    use super::*;
    use crate::commands::tests::{EVENING, Home, home};
    use crate::{DayQuery, clock};

    fn thomas(side: Option<Side>, passed: bool) -> TestRequest {
        TestRequest {
            test: "thomas-test".into(),
            side,
            answers: [("full_extension".into(), TestAnswer::Bool(passed))].into(),
            at: None,
            note: Some("cold muscles".into()),
        }
    }

    fn recorded(home: &Home) -> usize {
        home.engine.days(&DayQuery::default()).unwrap().len()
    }

    #[test]
    fn a_result_is_recorded_with_what_the_sources_say_of_it_and_listed_as_the_last() {
        let home = home();
        let made = home.engine.record_test(&thomas(Some(Side::Left), false)).unwrap();
        assert_eq!((made.side, made.status), (Some(Side::Left), StatusKind::Saved));
        assert_eq!(made.note.as_deref(), Some("cold muscles"));
        assert_eq!(made.readings[0].meaning.as_str(), "self_test.thomas-test.meaning.failed");
        assert_eq!(made.readings[0].sources[0].as_str(), "001");
        let history = home.engine.test_history("thomas", None, None).unwrap();
        assert_eq!(history.results, std::slice::from_ref(&made));
        assert_eq!((history.changes.len(), history.imbalance), (0, None));
        let tests = home.engine.tests().unwrap();
        let thomas = tests.iter().find(|view| view.test.id.as_str() == "thomas-test").unwrap();
        assert_eq!(thomas.last, [made]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_field_and_nothing_is_written() {
        let home = home();
        let left = || thomas(Some(Side::Left), false);
        let ahead = clock::moment(EVENING + 60_000, "Europe/Berlin");
        let text = TestAnswer::Option("maybe".into());
        let wrong = [("full_extension".to_owned(), text)];
        let cases = [
            (thomas(None, true), "side", "side_missing"),
            (TestRequest { at: Some(ahead), ..left() }, "at", "in_future"),
            (TestRequest { answers: wrong.into(), ..left() }, "result", "not_yes_or_no"),
            (TestRequest { note: Some("x".repeat(20_000)), ..left() }, "note", "bad_value"),
        ];
        for (request, field, code) in cases {
            let refused = home.engine.record_test(&request).unwrap_err();
            assert_eq!((refused.field(), refused.code()), (Some(field), code), "{refused}");
        }
        let unknown = TestRequest { test: "tomas-test".into(), ..left() };
        let refused = home.engine.record_test(&unknown).unwrap_err();
        assert!(refused.to_string().contains("thomas-test"), "{refused}");
        assert_eq!(recorded(&home), 0);
    }

    #[test]
    fn history_tells_how_each_side_changed_and_how_the_last_two_differ() {
        let home = home();
        let held = |side, secs| TestRequest {
            test: "hip-flexor-strength-test".into(),
            side: Some(side),
            answers: [("held_s".into(), TestAnswer::Number(Amount::whole(secs)))].into(),
            at: None,
            note: None,
        };
        for (left, right) in [(18, 30), (26, 31)] {
            home.engine.record_test(&held(Side::Left, left)).unwrap();
            home.engine.record_test(&held(Side::Right, right)).unwrap();
            home.clock.advance(7 * 86_400_000);
        }
        let history = home.engine.test_history("hip-flexor-strength-test", None, None).unwrap();
        assert_eq!(history.results.len(), 4);
        let left = &history.changes[0];
        assert_eq!((left.side, left.n), (Some(Side::Left), 2));
        assert_eq!(left.fields[0].by.difference, Some(Amount::whole(8)));
        let sides = history.imbalance.unwrap().fields;
        assert_eq!(sides[0].by.difference, Some(Amount::whole(5)));
        let since = Some("2026-03-05".parse().unwrap());
        let later = home.engine.test_history("hip-flexor-strength-test", since, None).unwrap();
        assert_eq!((later.results.len(), later.changes.len()), (2, 0));
    }

    #[test]
    fn a_result_taken_back_is_gone_from_the_history() {
        let home = home();
        let made = home.engine.record_test(&thomas(Some(Side::Left), false)).unwrap();
        assert!(home.engine.remove_day_record(Some(DayKind::Tick), &made.id).is_err());
        home.engine.remove_day_record(Some(DayKind::Test), &made.id[..20]).unwrap();
        assert!(home.engine.test_history("thomas-test", None, None).unwrap().results.is_empty());
        assert!(home.engine.doctor(false).unwrap().ok);
    }
}
