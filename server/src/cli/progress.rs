//! One line on the terminal that says how far a sync is.

use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::io::Write as _;
use syncline_core::hub::LiveStream;
use syncline_domain::ids::JobId;
use syncline_domain::sync::{CalendarProgress, JobProgress, Phase};
use syncline_domain::view::Live;

/// Shows the progress of these jobs until it is dropped. Shows nothing where there is no terminal.
pub(super) async fn show(mut live: LiveStream, jobs: &[JobId], terminal: bool) {
    let mut latest = BTreeMap::new();
    while let Some((_, message)) = live.next().await {
        if let Live::Progress(progress) = message
            && terminal
            && jobs.contains(&progress.job_id)
        {
            latest.insert(progress.job_id.as_str().to_owned(), progress);
            eprint!("\r\x1b[K{}", line(latest.values()));
            let _ = std::io::stderr().flush();
        }
    }
    std::future::pending::<()>().await;
}

/// Takes the line away.
pub(super) fn clear(terminal: bool) {
    if terminal {
        eprint!("\r\x1b[K");
    }
}

fn line<'a>(jobs: impl Iterator<Item = &'a JobProgress>) -> String {
    let (mut done, mut all, mut at_work) = (0, 0, None);
    for calendar in jobs.flat_map(|job| &job.calendars) {
        all += 1;
        match calendar.phase {
            Phase::Done | Phase::Ended => done += 1,
            Phase::Reading | Phase::Saving => at_work = at_work.or(Some(calendar)),
            Phase::Waiting => {}
        }
    }
    match (all, at_work) {
        (0, _) => "Connecting…".to_owned(),
        (_, None) => format!("[{done}/{all}]"),
        (_, Some(calendar)) => format!("[{done}/{all}] {}", in_words(calendar)),
    }
}

fn in_words(calendar: &CalendarProgress) -> String {
    let name: String = calendar.name.chars().filter(|sign| !sign.is_control()).take(30).collect();
    match calendar.total {
        Some(total) => format!("{name}: saving {} of {total}", calendar.saved),
        None => format!("{name}: reading… {} events so far", calendar.read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_domain::ids::{CalendarId, ConnectionId};
    use syncline_domain::sync::{JobStatus, Trigger};

    fn job(calendars: Vec<CalendarProgress>) -> JobProgress {
        JobProgress {
            job_id: JobId::trusted("j"),
            run_id: JobId::trusted("j"),
            connection_id: ConnectionId::trusted("c"),
            connection_name: "Home".to_owned(),
            seq: 1,
            status: JobStatus::Running,
            trigger: Trigger::Manual,
            started_at: None,
            calendars,
            error: None,
        }
    }

    fn calendar(phase: Phase, total: Option<u64>) -> CalendarProgress {
        CalendarProgress {
            calendar_id: CalendarId::trusted("k"),
            name: "Work\x1b".to_owned(),
            phase,
            read: 20,
            saved: 10,
            total,
            result: None,
        }
    }

    #[test]
    fn the_line_never_claims_a_total_that_is_unknown() {
        assert_eq!(line([&job(vec![])].into_iter()), "Connecting…");
        let reading = job(vec![calendar(Phase::Done, Some(5)), calendar(Phase::Reading, None)]);
        assert_eq!(line([&reading].into_iter()), "[1/2] Work: reading… 20 events so far");
        let saving = job(vec![calendar(Phase::Saving, Some(40))]);
        assert_eq!(line([&saving].into_iter()), "[0/1] Work: saving 10 of 40");
    }
}
