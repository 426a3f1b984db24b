//! A minimal JSON writer, for reports.

use std::fmt::Write as _;

/// A serialized value.
#[derive(Clone, Debug)]
pub(crate) struct Json(String);

impl Json {
    pub(crate) fn number(number: impl Into<u64>) -> Json {
        Json(number.into().to_string())
    }

    pub(crate) fn bool(bool: bool) -> Json {
        Json(bool.to_string())
    }

    pub(crate) fn null() -> Json {
        Json("null".into())
    }

    pub(crate) fn string(text: &str) -> Json {
        let mut json = String::with_capacity(text.len() + 2);
        json.push('"');
        for char in text.chars() {
            match char {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                char if char < ' ' => {
                    let _ = write!(json, "\\u{:04x}", char as u32);
                }
                char => json.push(char),
            }
        }
        json.push('"');
        Json(json)
    }

    pub(crate) fn array(values: impl IntoIterator<Item = Json>) -> Json {
        let values: Vec<String> = values.into_iter().map(|Json(value)| value).collect();
        Json(format!("[{}]", values.join(",")))
    }

    pub(crate) fn strings(values: &[String]) -> Json {
        Json::array(values.iter().map(|value| Json::string(value)))
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, Json(value))| format!("{}:{value}", Json::string(name).0))
            .collect();
        Json(format!("{{{}}}", members.join(",")))
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_json_reads_what_is_written() {
        let odd = "a \"quote\", a \\, a\nline, a \u{1} and a \u{1f42d}";
        let json = Json::object([
            (odd, Json::strings(&[odd.to_owned(), String::new()])),
            ("n", Json::number(u64::MAX)),
            ("b", Json::array([Json::bool(true), Json::null()])),
        ]);
        let read: serde_json::Value =
            serde_json::from_str(&json.into_text()).expect("it is valid JSON");
        assert_eq!(read[odd][0], odd);
        assert_eq!(read["n"], u64::MAX);
        assert_eq!(read["b"][0], true);
        assert!(read["b"][1].is_null());
    }
}
