//! What somebody may have meant who named something that is not there. It knows names only.

/// The most names that are offered.
const OFFERED: usize = 3;

/// The names nearest to what was given, nearest first; none where nothing is near.
pub(crate) fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let given = given.trim().to_lowercase();
    if given.is_empty() {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| distance(&given, &name.to_lowercase()).map(|far| (far, name)))
        .collect();
    near.sort();
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect()
}

/// How far two names are apart: typing mistakes, or 1 where one is part of the other; nothing where
/// they have nothing to do with each other.
fn distance(given: &str, name: &str) -> Option<usize> {
    let typed = typos(given, name);
    let most = (given.chars().count() / 3).clamp(1, 4);
    if typed <= most {
        return Some(typed);
    }
    let long_enough = given.len() >= 3;
    if long_enough && (name.contains(given) || given.contains(name)) {
        return Some(most + 1);
    }
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let (asked, there) = (words(given), words(name));
    let long: Vec<&String> = asked.iter().filter(|word| word.len() >= 4).collect();
    let met = long.iter().filter(|word| there.iter().any(|other| typos(word, other) <= 1)).count();
    (met > 0).then(|| most + 2 + long.len() - met)
}

/// Levenshtein's distance.
fn typos(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_what_was_meant() {
        let names = ["psoas-release-hook", "iliacus-release-hook", "couch-stretch"];
        assert_eq!(nearest("psoas-relase-hook", names)[0], "psoas-release-hook");
        assert_eq!(nearest("iliacus", names), ["iliacus-release-hook"]);
        assert_eq!(nearest("stretch couch", names), ["couch-stretch"]);
        assert!(nearest("zzz", names).is_empty());
        assert!(nearest("", names).is_empty());
    }
}
