//! Parses schedule dates in the format that OpCon documents for its API.

/// The date in the format `yyyy-mm-dd`. The error describes the problem.
pub(crate) fn checked_date(date: String) -> Result<String, String> {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = match date.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => {
            digits(year, 4)
                && digits(month, 2)
                && ("01"..="12").contains(month)
                && digits(day, 2)
                && ("01"..="31").contains(day)
        }
        _ => false,
    };
    if valid {
        Ok(date)
    } else {
        Err("the date must have the form yyyy-mm-dd, such as the value of [[$SCHEDULE DATE-YYYY-MM-DD]]".into())
    }
}
