//! The profile of a chart's subject: every answer one atomic value at a key of its own, so that what two
//! devices answer at once is merged question by question. What answers mean is the domain's business.

use holdfast_domain::profile::{Answer, Answers, Question, Said, Value};
use holdfast_domain::units::LocalDay;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::document::{Document, MIN_READER, WriteError, Written};
use super::foreign::Shape;
use super::kind::document_kind;

const ANSWER: &str = "answer/";

/// An answer as it is kept: without a value it was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "Json::is_null")]
    value: Json,
    day: LocalDay,
    at_ms: i64,
}

/// The profile as it stands. Where two devices answered a question differently at once, nobody knows
/// the answer until it is given anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileReading {
    /// The answers.
    pub answers: Answers,
    /// Keys that do not read, with the reason. They are kept as they are.
    pub unreadable: Vec<(String, String)>,
    /// How many keys only newer versions know. They are kept as they are.
    pub newer: usize,
}

/// The profile document.
#[derive(Debug, Clone)]
pub struct ProfileDocument(Document);

document_kind!(ProfileDocument, Shape::Shared);

impl ProfileDocument {
    /// Everything in it.
    #[must_use]
    pub fn read(&self) -> ProfileReading {
        let mut reading = ProfileReading::default();
        for key in self.0.keys().filter(|key| key != MIN_READER) {
            let known = key.strip_prefix(ANSWER).and_then(|word| word.parse::<Question>().ok());
            let Some(question) = known else {
                reading.newer += 1;
                continue;
            };
            let mut standing: Vec<Option<Answer>> = Vec::new();
            for held in self.0.all(&key) {
                match answer(question, &held.text) {
                    Ok(answer) => standing.push(answer),
                    Err(reason) => reading.unreadable.push((key.clone(), reason)),
                }
            }
            reading.settle(question, standing);
        }
        reading
    }

    /// Writes what changed from one set of answers to another. Gives the change, where there is one.
    ///
    /// # Errors
    /// [`WriteError`]; what was written before it stays.
    pub fn write(
        &mut self,
        before: &Answers,
        after: &Answers,
        now: Said,
    ) -> Result<Vec<Written>, WriteError> {
        let mut all = Vec::new();
        for question in Question::ALL {
            let disputed = !before.disputed(*question).is_empty();
            let settled = disputed && after.disputed(*question).is_empty();
            if before.given(*question) == after.given(*question) && !settled {
                continue;
            }
            let kept = match after.given(*question) {
                Some(Answer { value, said }) => {
                    Kept { value: value.to_json(), day: said.day, at_ms: said.at_ms }
                }
                None => Kept { value: Json::Null, day: now.day, at_ms: now.at_ms },
            };
            let text =
                serde_json::to_string(&kept).map_err(|e| WriteError::Automerge(e.to_string()))?;
            all.extend(self.0.put(&format!("{ANSWER}{question}"), &text)?);
        }
        Ok(all)
    }
}

/// The answer of one value; nothing where it was taken back.
fn answer(question: Question, text: &str) -> Result<Option<Answer>, String> {
    let kept: Kept = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if kept.value.is_null() {
        return Ok(None);
    }
    let value = Value::from_json(question, &kept.value);
    let value = value.ok_or_else(|| format!("{} is no answer to {question}", kept.value))?;
    Ok(Some(Answer { value, said: Said { day: kept.day, at_ms: kept.at_ms } }))
}

impl ProfileReading {
    /// The same answer given twice is one, said last. Different ones stand side by side.
    fn settle(&mut self, question: Question, standing: Vec<Option<Answer>>) {
        let differ = standing
            .windows(2)
            .any(|pair| pair[0].as_ref().map(|a| &a.value) != pair[1].as_ref().map(|a| &a.value));
        let mut given: Vec<Answer> = standing.into_iter().flatten().collect();
        given.sort_by_key(|answer| answer.said.at_ms);
        if differ {
            self.answers.dispute(question, given);
        } else if let Some(last) = given.pop() {
            self.answers.keep(question, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::profile::Change;

    use super::*;
    use crate::documents::actor::ActorId;

    const PHONE: ActorId = ActorId([1; 16]);
    const TABLET: ActorId = ActorId([2; 16]);

    fn now() -> Said {
        Said { day: "2026-03-01".parse().unwrap(), at_ms: 1_772_395_200_000 }
    }

    fn say(profile: &mut ProfileDocument, key: &str, value: &str) -> Vec<Written> {
        let before = profile.read().answers;
        let after = before.changed(&[Change::parse(key, value).unwrap()], now()).unwrap();
        profile.write(&before, &after, now()).unwrap()
    }

    fn carry(from: &ProfileDocument, to: &mut ProfileDocument, written: &[Written]) {
        for one in written {
            to.apply_foreign(&one.bytes, from.actor()).unwrap();
        }
    }

    #[test]
    fn answers_to_different_questions_merge_and_survive_saving() {
        let (mut phone, mut tablet) = (ProfileDocument::new(PHONE), ProfileDocument::new(TABLET));
        let a = say(&mut phone, "knots", "yes");
        let b = say(&mut tablet, "due_date", "2026-05-17");
        carry(&phone, &mut tablet, &a);
        carry(&tablet, &mut phone, &b);
        assert_eq!(phone.read(), tablet.read());
        assert_eq!(phone.read().answers.all().count(), 2);
        let again = ProfileDocument::load(&phone.save_nocompress(), PHONE).unwrap();
        assert_eq!(again.read(), phone.read());
    }

    #[test]
    fn different_answers_at_once_are_unknown_until_one_is_given_anew() {
        let (mut phone, mut tablet) = (ProfileDocument::new(PHONE), ProfileDocument::new(TABLET));
        let a = say(&mut phone, "pregnant", "yes");
        let b = say(&mut tablet, "pregnant", "no");
        carry(&phone, &mut tablet, &a);
        carry(&tablet, &mut phone, &b);
        assert_eq!(phone.read(), tablet.read());
        let answers = phone.read().answers;
        assert_eq!(answers.disputed(Question::Pregnant).len(), 2);
        assert_eq!(answers.at(now(), None).pregnant, None);
        let settled = say(&mut phone, "pregnant", "yes");
        carry(&phone, &mut tablet, &settled);
        assert_eq!(tablet.read().answers.at(now(), None).pregnant, Some(true));
        assert!(tablet.read().answers.disputes().is_empty());
    }

    #[test]
    fn the_same_answer_at_once_is_one_answer() {
        let (mut phone, mut tablet) = (ProfileDocument::new(PHONE), ProfileDocument::new(TABLET));
        let a = say(&mut phone, "knots", "yes");
        let b = say(&mut tablet, "knots", "yes");
        carry(&phone, &mut tablet, &a);
        carry(&tablet, &mut phone, &b);
        assert_eq!(phone.read().answers.at(now(), None).knots, Some(true));
    }

    #[test]
    fn an_answer_taken_back_is_unknown_and_what_does_not_read_hides_nothing_else() {
        let mut phone = ProfileDocument::new(PHONE);
        say(&mut phone, "knots", "yes");
        let before = phone.read().answers;
        let after = before.changed(&[Change::Unset(Question::Knots)], now()).unwrap();
        phone.write(&before, &after, now()).unwrap();
        assert_eq!(phone.read().answers, Answers::default());
        say(&mut phone, "hernia", "no");
        for (key, text) in [
            ("answer/strain", "{\"value\":3,\"day\":\"2026-03-01\",\"at_ms\":0}"),
            ("answer/trimester", "{\"value\":9,\"day\":\"2026-03-01\",\"at_ms\":0}"),
            ("answer/mood", "1"),
        ] {
            phone.0.put(key, text).unwrap();
        }
        let reading = phone.read();
        assert_eq!((reading.unreadable.len(), reading.newer), (2, 1));
        assert_eq!(reading.answers.all().count(), 1);
    }
}
