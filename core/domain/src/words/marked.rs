//! English with a mark on every letter, for tests: text that comes out unmarked was written in code
//! and not in the words. It is no language; nobody reads it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Words;

/// Its tag, from the range that BCP 47 keeps for private use.
pub(super) const TAG: &str = "qps";

/// English, marked.
pub(super) fn words() -> &'static Words {
    static MARKED: OnceLock<Words> = OnceLock::new();
    MARKED.get_or_init(|| {
        let english = Words::english();
        let sentences: BTreeMap<String, String> =
            english.sentences.iter().map(|(code, text)| (code.clone(), marked(text))).collect();
        Words { tag: TAG.to_owned(), sentences }
    })
}

/// Every letter outside of the braces with an accent, the whole in brackets.
fn marked(sentence: &str) -> String {
    let mut said = String::from("⟦");
    let mut named = false;
    for letter in sentence.chars() {
        match letter {
            '{' => named = true,
            '}' => named = false,
            _ => {}
        }
        said.push(if named { letter } else { accented(letter) });
    }
    said.push('⟧');
    said
}

fn accented(letter: char) -> char {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const MARKED: &str = "áƀćđéƒǵħíĵķĺḿńóṕɋŕśťúṽŵẋýźÁɃĆĐÉƑǴĦÍĴĶĹḾŃÓṔɊŔŚŤÚṼŴẊÝŹ";
    PLAIN
        .chars()
        .zip(MARKED.chars())
        .find_map(|(plain, marked)| (plain == letter).then_some(marked))
        .unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_marked_and_the_arguments_are_not() {
        assert_eq!(marked("Hold {seconds} s."), "⟦Ħóĺđ {seconds} ś.⟧");
        for letter in ('a'..='z').chain('A'..='Z') {
            assert!(!accented(letter).is_ascii(), "{letter}");
        }
        assert_eq!(Words::for_language("qps").tag(), "qps");
        assert!(Words::languages().all(|words| words.tag() != "qps"));
    }
}
