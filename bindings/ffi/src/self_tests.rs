//! Self-tests: what they ask, what was answered. They conclude nothing.

use std::collections::HashMap;

use holdfast::domain::self_test;
use holdfast::domain::words::{Code, Words};
use holdfast::{HoldfastError, TestRequest, TestResultView};

use crate::carried::{carried, plain};
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::{self, bad};

/// Something a test asks.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct TestField {
    /// Its id.
    pub id: String,
    /// What it asks.
    pub label: String,
    /// `bool`, `seconds`, `degrees`, `score`, `enum` or `answers`.
    pub kind: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// The answers to choose from, by their ids.
    pub options: HashMap<String, String>,
    /// The lowest score.
    pub min: Option<u32>,
    /// The highest.
    pub max: Option<u32>,
}

/// A self-test with its last results.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SelfTest {
    /// Its id.
    pub id: String,
    /// Whether each side is tested.
    pub per_side: bool,
    /// What it asks.
    pub fields: Vec<TestField>,
    /// What to mind about it.
    pub caveats: Vec<String>,
    /// The last results.
    pub last: Vec<TestResult>,
}

/// What a source says of an answer.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Reading {
    /// The field.
    pub field: String,
    /// What it says.
    pub meaning: String,
    /// Who says so.
    pub sources: Vec<String>,
}

/// A result.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct TestResult {
    /// Its id.
    pub id: String,
    /// The test.
    pub test: String,
    /// The side.
    pub side: Option<String>,
    /// When, RFC 3339.
    pub at: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// The answers: `true`, `false`, a number, or the id of an option.
    pub answers: HashMap<String, String>,
    /// What the sources say of them.
    pub readings: Vec<Reading>,
    /// A note.
    pub note: Option<String>,
    /// The device, as hex.
    pub device: String,
    /// How far it has come.
    pub status: String,
}

impl TestResult {
    fn of(result: &TestResultView, words: &Words) -> Result<Self, HoldfastError> {
        let json = |answer| plain(&serde_json::json!(answer));
        let answers = result.answers.iter();
        Ok(Self {
            id: result.id.clone(),
            test: result.test.clone(),
            side: result.side.map(|side| side.to_string()),
            at: result.at.clone(),
            local_day: result.local_day.to_string(),
            answers: answers.map(|(field, answer)| (field.clone(), json(answer))).collect(),
            readings: result
                .readings
                .iter()
                .map(|reading| Reading {
                    field: reading.field.clone(),
                    meaning: words.plain(reading.meaning.as_str()),
                    sources: reading.sources.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            note: result.note.clone(),
            device: result.device.clone(),
            status: carried(&result.status)?,
        })
    }
}

/// The results of a test.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct TestResults {
    /// The test.
    pub test: String,
    /// The results, the newest first.
    pub results: Vec<TestResult>,
    /// How the first differs from the last, side by side, as JSON.
    pub changes: String,
    /// How the sides differ, as JSON.
    pub imbalance: Option<String>,
}

#[uniffi::export]
impl EngineHandle {
    /// The self-tests, with their last results.
    pub async fn self_tests(&self) -> Result<Vec<SelfTest>, Failure> {
        let words = self.words();
        self.run(move |engine| {
            let said = |code: &Code| words.plain(code.as_str());
            let tests = engine.tests()?;
            let made = tests.iter().map(|view| {
                let fields = view.test.fields.iter().map(|field| {
                    let options = field.options.iter();
                    Ok(TestField {
                        id: field.id.clone(),
                        label: said(&field.label),
                        kind: carried(&field.kind)?,
                        optional: field.optional,
                        options: options.map(|o| (o.id.clone(), said(&o.label))).collect(),
                        min: field.min,
                        max: field.max,
                    })
                });
                let last = view.last.iter().map(|result| TestResult::of(result, words));
                Ok(SelfTest {
                    id: view.test.id.to_string(),
                    per_side: view.test.per_side,
                    fields: fields.collect::<Result<_, HoldfastError>>()?,
                    caveats: view.test.caveats.iter().map(|fact| said(&fact.code)).collect(),
                    last: last.collect::<Result<_, HoldfastError>>()?,
                })
            });
            made.collect()
        })
        .await
    }

    /// Records a result: each answer as `field=value`, or a value alone where there is one field.
    pub async fn record_test(
        &self,
        test: String,
        side: Option<String>,
        answers: Vec<String>,
        muscle: Option<String>,
        at_ms: Option<i64>,
        note: Option<String>,
    ) -> Result<TestResult, Failure> {
        let words = self.words();
        self.run(move |engine| {
            let typed: Vec<&str> = answers.iter().map(String::as_str).collect();
            let known = self_test::all().find(|known| known.id.as_str() == test);
            // One that is not known is the engine's to refuse, with what it may have meant.
            let answers = known.map(|known| known.read(&typed, muscle.as_deref())).transpose();
            let answers = answers
                .map_err(|refused| bad(refused.field(), refused.code(), refused.message()))?;
            let request = TestRequest {
                test,
                side: given::some_word("side", side.as_deref())?,
                answers: answers.unwrap_or_default(),
                at: given::moment(at_ms, &engine.zone()?),
                note,
            };
            TestResult::of(&engine.record_test(&request)?, words)
        })
        .await
    }

    /// The results of a test.
    pub async fn test_results(
        &self,
        test: String,
        since: Option<String>,
        until: Option<String>,
    ) -> Result<TestResults, Failure> {
        let words = self.words();
        self.run(move |engine| {
            let since = given::some_day("since", since.as_deref())?;
            let until = given::some_day("until", until.as_deref())?;
            let history = engine.test_history(&test, since, until)?;
            let results = history.results.iter().map(|result| TestResult::of(result, words));
            Ok(TestResults {
                results: results.collect::<Result<_, HoldfastError>>()?,
                changes: plain(&serde_json::json!(history.changes)),
                imbalance: history.imbalance.map(|found| plain(&serde_json::json!(found))),
                test: history.test,
            })
        })
        .await
    }

    /// Takes a result back.
    pub async fn remove_test(&self, id: String) -> Result<(), Failure> {
        use holdfast::domain::vocabulary::DayKind;
        self.run(move |engine| engine.remove_day_record(Some(DayKind::Test), &id).map(drop)).await
    }
}
