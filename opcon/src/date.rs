//! Parses schedule dates in the format that OpCon documents for its API.

/// The date in the format `yyyy-mm-dd`, if it exists in the calendar. The error describes the problem.
pub(crate) fn checked_date(date: String) -> Result<String, String> {
    let number = |text: &str, count| {
        let digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let parts = match date.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => number(year, 4).zip(number(month, 2)).zip(number(day, 2)),
        _ => None,
    };
    match parts {
        Some(((year, month), day)) if (1..=days_of(year, month)).contains(&day) => Ok(date),
        Some(_) => Err(format!("the date {date} does not exist")),
        None => {
            Err("the date must have the form yyyy-mm-dd, such as the value of [[$SCHEDULE DATE-YYYY-MM-DD]]".into())
        }
    }
}

/// The number of days of a month, 0 if there is no such month or year.
fn days_of(year: u16, month: u16) -> u16 {
    let is_leap_year = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        _ if year == 0 => 0,
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_must_exist() {
        for date in ["2024-02-29", "2000-02-29", "2026-02-28", "2026-01-31", "2026-12-31", "2026-04-30", "0001-01-01"] {
            assert_eq!(checked_date(date.into()), Ok(date.into()));
        }
        for date in [
            "2026-02-30",
            "2026-02-29",
            "1900-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-06-31",
            "2026-09-31",
            "2026-11-31",
            "2026-00-10",
            "2026-13-01",
            "2026-01-00",
            "2026-01-32",
            "0000-01-01",
        ] {
            assert_eq!(checked_date(date.into()), Err(format!("the date {date} does not exist")));
        }
    }

    #[test]
    fn a_date_must_have_the_documented_form() {
        for date in [
            "20260230",
            "2026-1-01",
            "2026-01-1",
            "26-01-01",
            "02026-01-01",
            "2026/01/01",
            "2026-01-01-",
            "+026-01-01",
            "",
        ] {
            assert!(checked_date(date.into()).unwrap_err().starts_with("the date must have the form"), "{date}");
        }
    }
}
