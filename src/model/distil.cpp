#include "model/distil.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/hash.h"
#include "model/distil_encoder.h"
#include "model/distil_unfinished.h"
#include "model/static_table_file.h"

namespace renvoi::model {
namespace {

std::vector<std::uint32_t> text_tokens(const Vocabulary& vocabulary) {
  std::vector<std::uint32_t> tokens;
  for (std::uint32_t token = 0; token < vocabulary.probability.size(); ++token)
    if (vocabulary.probability[token] > 0) tokens.push_back(token);
  return tokens;
}

Result<void> encode_all(SequenceEncoder& encoder, std::span<const std::uint32_t> tokens, UnfinishedRows& rows,
                        const DistilProgress& progress, const std::stop_token& stop) {
  const Vocabulary& vocabulary = encoder.vocabulary();
  std::vector<float> window;
  while (const std::uint32_t count = rows.next_window()) {
    std::vector<TokenSequence> sequences;
    for (const std::uint32_t token : tokens.subspan(rows.done(), count)) {
      TokenSequence sequence = vocabulary.begin;
      sequence.push_back(static_cast<std::int32_t>(token));
      sequence.insert(sequence.end(), vocabulary.end.begin(), vocabulary.end.end());
      sequences.push_back(std::move(sequence));
    }
    window.resize(std::size_t{count} * encoder.dimensions());
    RENVOI_CHECK(encoder.encode(sequences, window, stop));
    RENVOI_CHECK(rows.append(window));
    if (progress) progress(rows.done(), static_cast<std::uint32_t>(tokens.size()));
  }
  return {};
}

// Rows minus their mean by frequency, and weights.
void fill_rows(TableFileWriter& writer, const UnfinishedRows::Mapped& rows, std::span<const std::uint32_t> tokens,
               std::span<const double> probability, double smoothing) {
  std::vector<double> mean(rows.dimensions);
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += probability[tokens[i]] * row[d];
  }
  std::vector<float> centred(rows.dimensions);
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    const auto row = rows.row(i);
    for (std::size_t d = 0; d < mean.size(); ++d) centred[d] = static_cast<float>(row[d] - mean[d]);
    writer.set_row(tokens[i], centred);
    writer.set_weight(tokens[i], static_cast<float>(smoothing / (smoothing + probability[tokens[i]])));
  }
}

}  // namespace

Result<DistilReport> distil(const std::filesystem::path& gguf, const std::filesystem::path& table,
                            io::FileSystem& files, const DistilOptions& options, const DistilProgress& progress,
                            const std::stop_token& stop) {
  RENVOI_TRY(const auto encoder, load_sequence_encoder(gguf, options.llama));
  return distil(*encoder, table, files, options, progress, stop);
}

Result<DistilReport> distil(SequenceEncoder& encoder, const std::filesystem::path& table, io::FileSystem& files,
                            const DistilOptions& options, const DistilProgress& progress, const std::stop_token& stop) {
  if (!(options.smoothing > 0) || !std::isfinite(options.smoothing) || options.calibration.min_tokens == 0 ||
      options.calibration.max_tokens < options.calibration.min_tokens) {
    return Error{ErrorCode::invalid,
                 "distillation needs a smoothing above 0 and pseudo-passages of at least one token"};
  }
  const Vocabulary& vocabulary = encoder.vocabulary();
  DistilReport report;
  report.model_digest = encoder.digest();
  report.entries = static_cast<std::uint32_t>(vocabulary.probability.size());
  if (report.entries > kMaxTableRows || encoder.dimensions() > kMaxTableDimensions) {
    return Error{ErrorCode::invalid, "a table holds at most " + std::to_string(kMaxTableRows) + " tokens of " +
                                         std::to_string(kMaxTableDimensions) + " dimensions: the model has more"};
  }
  const std::vector<std::uint32_t> tokens = text_tokens(vocabulary);
  report.encoded = static_cast<std::uint32_t>(tokens.size());
  const std::filesystem::path unfinished = table.string() + ".unfinished";
  const std::string_view token_bytes(reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(tokens[0]));
  RENVOI_TRY(UnfinishedRows rows, UnfinishedRows::open(files, unfinished, encoder.digest(), encoder.dimensions(),
                                                       report.encoded, fingerprint(token_bytes)));
  report.resumed = rows.done();
  RENVOI_CHECK(encode_all(encoder, tokens, rows, progress, stop));

  TableHeader header;
  header.dimensions = encoder.dimensions();
  header.rows = report.entries;
  header.model_digest = encoder.digest();
  header.texts = options.calibration.passages;
  TableFileWriter writer(header);
  if (options.calibration.passages > 0) {
    RENVOI_TRY(const auto mean, mean_of_pseudo_passages(encoder, options.calibration, stop));
    writer.set_mean(mean);
  }
  RENVOI_TRY(const auto mapped, rows.map());
  fill_rows(writer, mapped, tokens, vocabulary.probability, options.smoothing);
  const std::string bytes = writer.build();
  report.file_bytes = bytes.size();
  RENVOI_CHECK(files.replace(table, std::as_bytes(std::span(bytes))));
  RENVOI_CHECK(files.remove(unfinished));
  return report;
}

}  // namespace renvoi::model
