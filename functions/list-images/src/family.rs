//! Groups images into families: names that differ only in the date of the image.

/// The family of a name: `*` replaces each date and what belongs to it: a version before it (`2023.0.20230329`), a
/// build number or a time after it (`20230329.1`, `20230329-1270`, `2023-03-29T10-30-00Z`).
pub fn family_of(name: &str) -> String {
    let mut family = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, behind)) = split_at_date(rest) {
        family.push_str(before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
        family.push('*');
        rest = after_time(behind);
    }
    family + rest
}

/// Splits the text into the parts before and after the first date.
fn split_at_date(text: &str) -> Option<(&str, &str)> {
    let digits = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
    let starts = digits.filter(|at| !text[..*at].ends_with(|c: char| c.is_ascii_digit()));
    starts.map(|at| text.split_at(at)).find_map(|(before, from)| Some((before, after_date(from)?)))
}

/// The part after the date at the beginning of the text: `20230329`, `2023.03.29` or `2023-03-29`.
fn after_date(text: &str) -> Option<&str> {
    ["", ".", "-"].into_iter().find_map(|separator| {
        let (year, rest) = number(text, 4)?;
        let (month, rest) = number(rest.strip_prefix(separator)?, 2)?;
        let (day, rest) = number(rest.strip_prefix(separator)?, 2)?;
        // Further digits are a time of day, but only after a date of digits alone.
        let is_whole = separator.is_empty() || !rest.starts_with(|c: char| c.is_ascii_digit());
        let is_date = (2000..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        (is_date && is_whole).then_some(rest)
    })
}

/// The number in the first characters of the text, and the rest.
fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((all_digits.then(|| number.parse().ok())??, rest))
}

/// The part after the build number and the time of day.
fn after_time(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let text = text.trim_start_matches(is_part);
    match text.strip_prefix('T') {
        Some(time) if time.starts_with(|c: char| c.is_ascii_digit()) => {
            let behind = time.trim_start_matches(is_part);
            behind.strip_prefix('Z').unwrap_or(behind)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_and_what_belongs_to_it_do_not_count() {
        for (name, family) in [
            ("al2023-ami-2023.0.20230329.0-kernel-6.1-x86_64", "al2023-ami-*kernel-6.1-x86_64"),
            (
                "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20230405",
                "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*",
            ),
            ("Windows_Server-2022-English-Full-Base-2023.04.12", "Windows_Server-2022-English-Full-Base-*"),
            ("amzn2-ami-hvm-2.0.20230404.1-x86_64-gp2", "amzn2-ami-hvm-*x86_64-gp2"),
            ("amzn-ami-2018.03.20230404-amazon-ecs-optimized", "amzn-ami-*amazon-ecs-optimized"),
            ("amazon-eks-node-1.24-v20230406", "amazon-eks-node-1.24-v*"),
            ("debian-12-amd64-20230711-1438", "debian-12-amd64-*"),
            ("RHEL-9.2.0_HVM-20230503-x86_64-41-Hourly2-GP2", "RHEL-9.2.0_HVM-*x86_64-41-Hourly2-GP2"),
            ("ubuntu-22.04-20230405", "ubuntu-22.04-*"),
            ("web 2023-04-12", "web *"),
            ("web 2023-04-12T10-30-00.123Z, tested", "web *, tested"),
            ("web-20230412103000", "web-*"),
            ("web-20230412T1030Z", "web-*"),
            ("20230412", "*"),
            ("built 20230412 from 2023.04.01", "built * from *"),
            ("web-20230412Test", "web-*Test"),
        ] {
            assert_eq!(family_of(name), family);
        }
    }

    #[test]
    fn numbers_that_are_no_dates_count() {
        for name in [
            "",
            "web",
            "web-22.04",
            "web-20231301",
            "web-20230432",
            "web-19990101",
            "web-1681290000",
            "web-2023.04-12",
            "web-2023.04.123",
            "web-2023.4.12",
            "web-120230412",
            "web-2023\u{e9}412",
        ] {
            assert_eq!(family_of(name), name);
        }
    }

    proptest! {
        #[test]
        fn any_name_has_a_family_and_that_is_its_own(name in "(\\PC|[0-9.TZ-]|2023|04|12){0,24}") {
            let family = family_of(&name);
            prop_assert!(family.len() <= name.len() && family_of(&family) == family, "{family}");
        }

        #[test]
        fn images_of_other_days_are_of_one_family(
            day in 1..=28_u32, month in 1..=12_u32, year in 2006..=2099_u32, build in 0..9_u32, separator in "[.-]?",
        ) {
            let name = format!("web-7.1-2.0.{year}{separator}{month:02}{separator}{day:02}.{build}-x86_64");
            prop_assert_eq!(family_of(&name), "web-7.1-*x86_64");
        }
    }
}
