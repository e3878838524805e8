//! A folder of captures and configurations to run the program in.

use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use ballast_exchange::synth::Dialect;
use ballast_tests::market::{Line, QUOTER, lines, text};
use ballast_tests::program::{Run, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

pub(crate) static FUTURES: LazyLock<Vec<Line>> = LazyLock::new(|| lines(Dialect::UsdM, 31, 20));
pub(crate) static SPOT: LazyLock<Vec<Line>> = LazyLock::new(|| lines(Dialect::Spot, 32, 20));

/// Holds `futures.gz`, `spot.txt`, `nosnapshot.txt` and `quoter.toml`.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text(&FUTURES).as_bytes()).unwrap();
        folder.write("futures.gz", gzip.finish().unwrap());
        folder.write("spot.txt", text(&SPOT));
        let has_snapshot = |line: &&Line| line.frame.contains("lastUpdateId");
        let without: Vec<_> = FUTURES.iter().filter(|line| !has_snapshot(line)).cloned().collect();
        folder.write("nosnapshot.txt", text(&without));
        folder.write("quoter.toml", QUOTER);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// Runs the program here; it must not panic.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        let run = run(self.path(), arguments.split_whitespace());
        assert!(!run.panicked(), "{arguments}: {}", run.err);
        run
    }

    /// Runs the program here and expects this exit code.
    pub(crate) fn expect(&self, code: i32, arguments: &str) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments}: {}{}", run.out, run.err);
        run
    }

    /// Rows of a CSV file by its columns' names.
    pub(crate) fn csv(&self, name: &str) -> Csv {
        let text = std::fs::read_to_string(self.path().join(name)).unwrap();
        let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        Csv { names: rows.next().unwrap(), rows: rows.collect() }
    }
}

/// A table without quoted cells.
pub(crate) struct Csv {
    names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Csv {
    /// The cells of a column.
    pub(crate) fn column(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        let index = self.names.iter().position(|known| known == name);
        let index = index.unwrap_or_else(|| panic!("no column {name} in {:?}", self.names));
        self.rows.iter().map(move |row| row[index].as_str())
    }

    /// The cells of a column as numbers.
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.column(name).map(|cell| cell.parse().unwrap()).collect()
    }
}
