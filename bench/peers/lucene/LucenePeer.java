// Lucene in the bench against peers (../README.md): terms and frequencies, no positions, no stored text, one segment,
// BM25 with k1 = .9 and b = .4. Compiles with Lucene 9.12 and 10.6; needs lucene-core only.
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;

public final class LucenePeer {
  private static final String FIELD = "body";

  // Splits at single spaces. (lucene-core has no whitespace tokenizer.)
  private static final class SpaceTokenizer extends Tokenizer {
    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);

    @Override
    public boolean incrementToken() throws IOException {
      clearAttributes();
      for (int c = input.read(); c >= 0; c = input.read()) {
        if (c != ' ') term.append((char) c);
        else if (term.length() > 0) return true;
      }
      return term.length() > 0;
    }
  }

  private static final class SpaceAnalyzer extends Analyzer {
    @Override
    protected TokenStreamComponents createComponents(String field) {
      return new TokenStreamComponents(new SpaceTokenizer());
    }
  }

  private static String stems(String line) {
    return line.substring(line.indexOf('\t') + 1);
  }

  private static void build(Path passages, Path folder) throws IOException {
    FieldType type = new FieldType();
    type.setIndexOptions(IndexOptions.DOCS_AND_FREQS);
    type.setTokenized(true);
    type.freeze();
    IndexWriterConfig config = new IndexWriterConfig(new SpaceAnalyzer());
    config.setSimilarity(new BM25Similarity(0.9f, 0.4f));
    config.setMergePolicy(new LogDocMergePolicy()); // keeps the order of passages
    config.setMergeScheduler(new SerialMergeScheduler());
    config.setRAMBufferSizeMB(512);
    config.setUseCompoundFile(false);
    try (MMapDirectory directory = new MMapDirectory(folder);
        IndexWriter writer = new IndexWriter(directory, config);
        BufferedReader in = Files.newBufferedReader(passages)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Document document = new Document();
        document.add(new Field(FIELD, stems(line), type));
        writer.addDocument(document);
      }
      writer.forceMerge(1);
      writer.commit();
    }
  }

  private static ScoreDoc[] search(IndexSearcher searcher, String stems, int k) throws IOException {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    for (String stem : stems.split(" "))
      query.add(new TermQuery(new Term(FIELD, stem)), BooleanClause.Occur.SHOULD);
    // Hits are not counted beyond k, so that blocks may be skipped from the first one on.
    return searcher.search(query.build(), new TopScoreDocCollectorManager(k, k)).scoreDocs;
  }

  private static void serve(Path folder, Path queryFile, int k) throws IOException {
    List<String> queries = new ArrayList<>();
    for (String line : Files.readAllLines(queryFile)) queries.add(stems(line));
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (MMapDirectory directory = new MMapDirectory(folder);
        DirectoryReader reader = DirectoryReader.open(directory)) {
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setSimilarity(new BM25Similarity(0.9f, 0.4f));
      searcher.setQueryCache(null);
      System.out.printf(
          Locale.ROOT,
          "{\"passages\": %d, \"segments\": %d, \"version\": \"%s\", \"java\": \"%s\"}%n",
          reader.numDocs(), reader.leaves().size(), Version.LATEST, System.getProperty("java.version"));
      while (in.readLine() != null) {
        StringBuilder times = new StringBuilder();
        StringBuilder hits = new StringBuilder();
        for (String query : queries) {
          long start = threads.getCurrentThreadCpuTime();
          ScoreDoc[] found = search(searcher, query, k);
          long took = threads.getCurrentThreadCpuTime() - start;
          times.append(times.length() > 0 ? "," : "").append(took / 1e3);
          hits.append(hits.length() > 0 ? ",[" : "[");
          for (int i = 0; i < found.length; i++) hits.append(i > 0 ? "," : "").append(found[i].doc);
          hits.append(']');
        }
        System.out.println("{\"us\": [" + times + "], \"hits\": [" + hits + "]}");
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 3 && arguments[0].equals("build")) {
      build(Path.of(arguments[1]), Path.of(arguments[2]));
    } else if (arguments.length == 4 && arguments[0].equals("serve")) {
      serve(Path.of(arguments[1]), Path.of(arguments[2]), Integer.parseInt(arguments[3]));
    } else {
      System.err.println("usage: LucenePeer build PASSAGES FOLDER | serve FOLDER QUERIES K");
      System.exit(2);
    }
  }
}
