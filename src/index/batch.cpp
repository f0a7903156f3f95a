#include "index/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "index/codes.h"
#include "index/segment_writer.h"
#include "io/bytes.h"

namespace renvoi::index {
namespace {

// `old_put` has codes of version 1, and is read only. `put_of` says of which quantizer its codes are.
enum class Operation : std::uint8_t { old_put = 1, remove = 2, put = 3, put_of = 4 };

constexpr std::uint64_t kMaxLength = 0xFFFFFFFF;

Error invalid(ReferenceId reference, std::uint32_t ordinal, std::string_view what) {
  return {ErrorCode::invalid,
          fmt::format("passage {} of reference {} cannot be indexed: {}", ordinal, to_number(reference), what)};
}

Result<void> validate_vector(const Quantizers& quantizers, ReferenceId reference, const PassageInput& passage) {
  if (passage.vector.size() != quantizers.dimensions())
    return invalid(
        reference, passage.ordinal,
        fmt::format("its vector has {} dimensions, the index {}", passage.vector.size(), quantizers.dimensions()));
  for (const float value : passage.vector)
    if (!std::isfinite(value))
      return invalid(reference, passage.ordinal, "its vector holds a number that is not finite");
  return {};
}

Result<void> validate_code(const NamedQuantizer& quantizer, ReferenceId reference, const PassageInput& passage) {
  if (!passage.vector.empty()) return invalid(reference, passage.ordinal, "it has a vector and a code");
  if (passage.code->quantizer != quantizer.digest)
    return invalid(reference, passage.ordinal, "its code is of another quantizer than that of a passage beside it");
  if (passage.code->bytes.size() != quantizer.quantizer.code_bytes())
    return invalid(reference, passage.ordinal,
                   fmt::format("its code has {} bytes, those of its quantizer {}", passage.code->bytes.size(),
                               quantizer.quantizer.code_bytes()));
  return {};
}

// Of the codes that are given; the plain one when there are none.
Result<const NamedQuantizer*> quantizer_for(const Quantizers& quantizers, ReferenceId reference,
                                            std::span<const PassageInput> passages) {
  for (const PassageInput& passage : passages) {
    if (passage.code == nullptr) continue;
    if (const NamedQuantizer* found = quantizers.find(passage.code->quantizer); found != nullptr) return found;
    return Error{ErrorCode::conflict,
                 fmt::format("the code of passage {} of reference {} was made by a quantizer that this index does not "
                             "have; have its text encoded",
                             passage.ordinal, to_number(reference))};
  }
  return &quantizers.plain();
}

Result<void> validate(const Quantizers& quantizers, const NamedQuantizer& quantizer, ReferenceId reference,
                      const PassageInput& passage) {
  RENVOI_CHECK(passage.code == nullptr ? validate_vector(quantizers, reference, passage)
                                       : validate_code(quantizer, reference, passage));
  if (passage.range.begin > passage.range.end)
    return invalid(reference, passage.ordinal, "its range ends before it begins");
  std::string_view previous;
  std::uint64_t length = 0;
  for (const text::TermCount& term : passage.terms) {
    if (term.term.empty() || term.term.size() > kMaxTermBytes)
      return invalid(reference, passage.ordinal,
                     fmt::format("a term has {} bytes, 1 to {} are allowed", term.term.size(), kMaxTermBytes));
    if (term.frequency == 0) return invalid(reference, passage.ordinal, "a term has the frequency 0");
    if (!previous.empty() && std::string_view(term.term) <= previous)
      return invalid(reference, passage.ordinal, "its terms are not sorted, or one is there twice");
    previous = term.term;
    length += term.frequency;
  }
  if (length > kMaxLength) return invalid(reference, passage.ordinal, "it has more than 4 G terms");
  return {};
}

struct DecodedPassage {
  PassageRecord record;
  std::vector<std::pair<std::string_view, std::uint32_t>> terms;
  std::string_view code;
  std::uint64_t length = 0;
};

// False when the bytes are bad.
bool read_passage(io::ByteReader& reader, std::size_t code_bytes, DecodedPassage& passage) {
  passage.record.ordinal = reader.varint32();
  passage.record.range.begin = reader.varint32();
  passage.record.range.end = reader.varint32();
  passage.record.fingerprint = reader.u64();
  const std::uint64_t terms = reader.varint();
  passage.terms.clear();
  passage.length = 0;
  for (std::uint64_t i = 0; i < terms && reader.ok(); ++i) {
    const std::string_view term = reader.text();
    const std::uint32_t frequency = reader.varint32();
    if (term.empty() || frequency == 0 || (i > 0 && term <= passage.terms.back().first)) return false;
    passage.terms.emplace_back(term, frequency);
    passage.length += frequency;
  }
  passage.code = reader.view(code_bytes);
  return reader.ok() && passage.length <= kMaxLength && passage.record.range.begin <= passage.record.range.end;
}

std::size_t code_bytes_of(const NamedQuantizer& named, bool old_codes) {
  return old_codes ? old_code_bytes(named.quantizer.dimensions()) : named.quantizer.code_bytes();
}

// Codes of vectors by way of the plain quantizer: the same ones, whether a passage comes with others' codes or not.
class CodeMaker {
 public:
  CodeMaker(const Quantizers& quantizers, const NamedQuantizer& to)
      : plain_(quantizers.plain().quantizer), plain_code_(plain_.code_bytes()), code_(to.quantizer.code_bytes()) {
    if (to.digest != quantizers.plain().digest) recoder_.emplace(plain_, to.quantizer);
  }
  std::span<const std::byte> code_of(const PassageInput& passage) {
    if (passage.code != nullptr) return passage.code->bytes;
    plain_.encode(passage.vector, plain_code_);
    if (!recoder_.has_value()) return plain_code_;
    recoder_->recode(plain_code_, code_);
    return code_;
  }

 private:
  const Quantizer& plain_;
  std::optional<Recoder> recoder_;
  std::vector<std::byte> plain_code_, code_;
};

Error damaged() {
  return {ErrorCode::corrupt, "a batch in the index's log cannot be read; restore or rebuild the index"};
}

}  // namespace

Result<void> append_put(std::string& batch, const Quantizers& quantizers, ReferenceId reference,
                        std::span<const PassageInput> passages) {
  RENVOI_TRY(const NamedQuantizer* quantizer, quantizer_for(quantizers, reference, passages));
  for (const PassageInput& passage : passages) RENVOI_CHECK(validate(quantizers, *quantizer, reference, passage));
  std::vector<const PassageInput*> ordered;
  for (const PassageInput& passage : passages) ordered.push_back(&passage);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return a->ordinal < b->ordinal; });
  io::ByteWriter body;
  const bool is_plain = quantizer == &quantizers.plain();
  if (!is_plain) body.text(quantizer->digest);
  body.varint(passages.size());
  CodeMaker codes(quantizers, *quantizer);
  for (const PassageInput* passage : ordered) {
    body.varint(passage->ordinal);
    body.varint(passage->range.begin);
    body.varint(passage->range.end);
    body.u64(passage->fingerprint);
    body.varint(passage->terms.size());
    for (const text::TermCount& term : passage->terms) {
      body.text(term.term);
      body.varint(term.frequency);
    }
    body.append(codes.code_of(*passage));
  }
  if (body.size() > kMaxBatchBytes || batch.size() + body.size() > kMaxBatchBytes)
    return Error{ErrorCode::exhausted,
                 fmt::format("more than {} bytes wait for a commit; commit more often", kMaxBatchBytes)};
  io::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(is_plain ? Operation::put : Operation::put_of));
  head.varint(to_number(reference));
  head.varint(body.size());
  batch += head.str();
  batch += body.str();
  return {};
}

void append_remove(std::string& batch, ReferenceId reference) {
  io::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(Operation::remove));
  head.varint(to_number(reference));
  batch += head.str();
}

Result<void> read_batch(std::string_view batch, const Quantizers& quantizers, Changes& changes) {
  io::ByteReader reader(batch);
  DecodedPassage passage;
  while (reader.ok() && !reader.at_end()) {
    const auto operation = static_cast<Operation>(reader.u8());
    const auto reference = static_cast<ReferenceId>(reader.varint32());
    if (operation == Operation::remove) {
      changes[reference] = {};
      continue;
    }
    if (operation != Operation::put && operation != Operation::old_put && operation != Operation::put_of)
      return damaged();
    const bool old_codes = operation == Operation::old_put;
    std::string_view body = reader.text();
    const NamedQuantizer* quantizer = &quantizers.plain();
    if (operation == Operation::put_of) {
      io::ByteReader beginning(body);
      quantizer = quantizers.find(beginning.text());
      if (!beginning.ok() || quantizer == nullptr) return damaged();
      body = beginning.view(beginning.remaining());
    }
    const std::size_t code_bytes = code_bytes_of(*quantizer, old_codes);
    io::ByteReader passages(body);
    const std::uint64_t count = passages.varint();
    std::uint32_t last_ordinal = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!read_passage(passages, code_bytes, passage) || passage.record.ordinal < last_ordinal) return damaged();
      last_ordinal = passage.record.ordinal;
    }
    if (!passages.ok() || !passages.at_end()) return damaged();
    changes[reference] = {count == 0 ? std::string_view() : body, quantizer, old_codes};
  }
  if (!reader.ok()) return damaged();
  return {};
}

Result<std::string> segment_of(const Changes& changes, const NamedQuantizer& named) {
  struct Occurrence {
    std::string_view term;
    Posting posting;
  };
  SegmentWriter writer(named);
  std::vector<Occurrence> occurrences;
  DecodedPassage passage;
  std::vector<std::byte> code(named.quantizer.code_bytes());
  std::vector<float> point(named.quantizer.space());
  for (const auto& [reference, body] : changes) {
    if (body.bytes.empty() || body.quantizer->digest != named.digest) continue;
    io::ByteReader reader(body.bytes);
    const std::uint64_t count = reader.varint();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!read_passage(reader, code_bytes_of(named, body.old_codes), passage)) return damaged();
      for (const auto& [term, frequency] : passage.terms) occurrences.push_back({term, {writer.passages(), frequency}});
      passage.record.reference = reference;
      std::span<const std::byte> stored = std::as_bytes(std::span(passage.code.data(), passage.code.size()));
      if (body.old_codes) {
        decode_old_code(stored, std::span(point).subspan(1));
        named.quantizer.encode_point(point, code);
        stored = code;
      }
      writer.add_passage(passage.record, length_code(static_cast<std::uint32_t>(passage.length)), stored);
    }
  }
  if (writer.passages() == 0) return std::string();
  // Stable: postings of one term stay in the order of passages.
  std::stable_sort(occurrences.begin(), occurrences.end(),
                   [](const Occurrence& a, const Occurrence& b) { return a.term < b.term; });
  std::vector<Posting> postings;
  for (std::size_t i = 0; i < occurrences.size(); ++i) {
    postings.push_back(occurrences[i].posting);
    if (i + 1 < occurrences.size() && occurrences[i + 1].term == occurrences[i].term) continue;
    writer.add_term(occurrences[i].term, postings);
    postings.clear();
  }
  return writer.finish();
}

}  // namespace renvoi::index
