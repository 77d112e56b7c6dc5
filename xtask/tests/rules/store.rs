//! Rules about the migrations of the two databases.

use crate::report;
use crate::sources::files;
use std::collections::BTreeMap;

#[test]
fn both_databases_have_the_same_migrations() {
    let of = |dialect: &str| -> BTreeMap<String, String> {
        let names = files(&[&format!("core/migrations/{dialect}")], &["sql"])
            .into_iter()
            .filter_map(|source| source.path.rsplit('/').next().map(str::to_owned));
        names.map(|name| (name.split('_').next().unwrap_or_default().to_owned(), name)).collect()
    };
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    assert!(!sqlite.is_empty(), "no migrations were found");
    let findings: Vec<String> = sqlite
        .iter()
        .filter(|(number, name)| postgres.get(*number) != Some(*name))
        .map(|(_, name)| format!("core/migrations/postgres has no {name}"))
        .chain(
            postgres
                .iter()
                .filter(|(number, name)| sqlite.get(*number) != Some(*name))
                .map(|(_, name)| format!("core/migrations/sqlite has no {name}")),
        )
        .collect();
    report(&findings, "a migration is a pair of files with the same number and name, one for each database.");
}
