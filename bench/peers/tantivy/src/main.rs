// tantivy in the bench against peers (../README.md): terms and frequencies, no positions, no stored text, one segment.
// tantivy's BM25 has k1 = 1.2 and b = .75 in its source; they cannot be set.
use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};

use tantivy::collector::TopDocs;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexWriter, Searcher, TantivyDocument, Term};

const WRITER_BYTES: usize = 2_000_000_000;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}
const CLOCK_THREAD_CPUTIME_ID: i32 = 3;

// The time this thread has had the processor, in microseconds.
fn thread_us() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.seconds as f64 * 1e6 + time.nanoseconds as f64 / 1e3
}

fn lines(path: &str) -> impl Iterator<Item = String> {
    BufReader::new(File::open(path).expect(path)).lines().map(|line| line.expect("a line of UTF-8"))
}

fn build(passages: &str, folder: &str) -> tantivy::Result<()> {
    fs::create_dir_all(folder)?;
    let mut schema = Schema::builder();
    let indexing =
        TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
    let body = schema.add_text_field("body", TextOptions::default().set_indexing_options(indexing));
    let index = Index::create_in_dir(folder, schema.build())?;
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    for line in lines(passages) {
        let mut document = TantivyDocument::default();
        document.add_text(body, line.split_once('\t').expect("id TAB stems").1);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.wait_merging_threads()
}

fn search(searcher: &Searcher, body: Field, stems: &str, k: usize) -> tantivy::Result<Vec<u32>> {
    let clauses: Vec<(Occur, Box<dyn Query>)> = stems
        .split_ascii_whitespace()
        .map(|stem| {
            let query = TermQuery::new(Term::from_field_text(body, stem), IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn Query>)
        })
        .collect();
    let hits = searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(k).order_by_score())?;
    Ok(hits.into_iter().map(|(_, address)| address.doc_id).collect())
}

fn serve(folder: &str, queries: &str, k: usize) -> tantivy::Result<()> {
    let index = Index::open_in_dir(folder)?;
    let searcher = index.reader()?.searcher();
    let body = index.schema().get_field("body")?;
    let queries: Vec<String> = lines(queries).map(|line| line.split_once('\t').expect("id TAB stems").1.into()).collect();
    let mut out = io::stdout().lock();
    writeln!(out, "{{\"passages\": {}, \"segments\": {}}}", searcher.num_docs(), searcher.segment_readers().len())?;
    out.flush()?;
    for _ in io::stdin().lock().lines() {
        let mut times = Vec::new();
        let mut hits = Vec::new();
        for query in &queries {
            let start = thread_us();
            let found = search(&searcher, body, query, k)?;
            times.push(format!("{:.3}", thread_us() - start));
            hits.push(format!("{found:?}"));
        }
        writeln!(out, "{{\"us\": [{}], \"hits\": [{}]}}", times.join(","), hits.join(","))?;
        out.flush()?;
    }
    Ok(())
}

fn main() -> tantivy::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    match (arguments.get(1).map(String::as_str), arguments.len()) {
        (Some("build"), 4) => build(&arguments[2], &arguments[3]),
        (Some("serve"), 5) => serve(&arguments[2], &arguments[3], arguments[4].parse().expect("a number")),
        _ => {
            eprintln!("usage: tantivy_peer build PASSAGES FOLDER | serve FOLDER QUERIES K");
            std::process::exit(2)
        }
    }
}
