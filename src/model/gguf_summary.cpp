// The header of a GGUF file (version 2 or 3 of the specification), checked before llama.cpp, which trusts more of it
// than one may, sees the file.
#include <ggml.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/utf8.h"
#include "model/gguf_reader.h"
#include "model/llama_model.h"

namespace renvoi::model {

namespace {

constexpr std::uint64_t max_entries =
    100'000;  // of the metadata, and of the tensors: the largest models have thousands
constexpr std::uint64_t max_key_bytes = 1'024;
constexpr std::uint64_t max_value_bytes = 16 << 20;
constexpr std::uint64_t max_array_items = 16 << 20;
constexpr std::uint64_t max_layers = 512;  // llama.cpp's own limit

enum ValueType : std::uint32_t { type_bool = 7, type_string = 8, type_array = 9, type_count = 13 };
constexpr std::uint64_t value_bytes[type_count] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct Array {
  std::uint32_t type = 0;
  std::uint64_t items = 0;
  std::uint64_t first_unit_bytes = 0;  // of a byte array: the number in its first four bytes
};

struct Header {
  std::map<std::string, std::uint64_t> numbers;  // integers and truth values; negative ones wrap
  std::map<std::string, std::string> strings;
  std::map<std::string, Array> arrays;
  std::map<std::string, std::uint64_t> last_dimension;  // of each tensor
  std::uint64_t file_bytes = 0;
  std::optional<Error> problem;

  std::uint64_t number(const std::string& key, std::uint64_t absent = 0) const {
    const auto it = numbers.find(key);
    return it == numbers.end() ? absent : it->second;
  }
  std::string text(const std::string& key) const {
    const auto it = strings.find(key);
    return it == strings.end() ? std::string() : it->second;
  }
  void refuse(std::string why) {
    if (!problem) problem = Error{ErrorCode::corrupt, std::move(why)};
  }
};

std::uint64_t read_number(GgufReader& in, std::uint32_t type) {
  switch (type) {
    case 0:
      return in.number<std::uint8_t>();
    case 1:
      return static_cast<std::uint64_t>(in.number<std::int8_t>());
    case 2:
      return in.number<std::uint16_t>();
    case 3:
      return static_cast<std::uint64_t>(in.number<std::int16_t>());
    case 4:
      return in.number<std::uint32_t>();
    case 5:
      return static_cast<std::uint64_t>(in.number<std::int32_t>());
    case type_bool:
      return in.number<std::uint8_t>();
    default:
      return in.number<std::uint64_t>();
  }
}

void read_array(GgufReader& in, const std::string& key, Header& header) {
  Array array;
  array.type = in.number<std::uint32_t>();
  array.items = in.number<std::uint64_t>();
  if (in.failed()) return;
  if (array.type >= type_count || array.type == type_array || array.items > max_array_items) {
    return header.refuse("the list \"" + key + "\" is malformed");
  }
  if (array.type == type_string) {
    for (std::uint64_t i = 0; i < array.items && !in.failed(); ++i) in.skip_string();
  } else {
    std::uint64_t left = array.items * value_bytes[array.type];
    if (value_bytes[array.type] == 1 && left >= 4) {
      array.first_unit_bytes = in.number<std::uint32_t>();
      left -= 4;
    }
    in.skip(left);
  }
  header.arrays.emplace(key, array);
}

void read_metadata(GgufReader& in, std::uint64_t count, Header& header) {
  std::set<std::string> keys;
  for (std::uint64_t i = 0; i < count && !in.failed() && !header.problem; ++i) {
    const std::string key = in.string(max_key_bytes);
    const auto type = in.number<std::uint32_t>();
    if (in.failed()) return;
    if (key.empty() || !is_valid_utf8(key) || !keys.insert(key).second || type >= type_count) {
      return header.refuse("metadata entry " + std::to_string(i) + " is malformed or given twice");
    }
    if (type == type_array) {
      read_array(in, key, header);
    } else if (type == type_string) {
      header.strings.emplace(key, in.string(max_value_bytes));
    } else if (type == 6 || type == 12) {
      in.skip(value_bytes[type]);
    } else {
      header.numbers.emplace(key, read_number(in, type));
    }
  }
}

// The bytes of a tensor, or nothing when the numbers are absurd.
std::optional<std::uint64_t> tensor_bytes(const std::uint64_t (&shape)[4], std::uint32_t type) {
  if (type >= GGML_TYPE_COUNT) return std::nullopt;
  const auto block = static_cast<std::uint64_t>(ggml_blck_size(static_cast<ggml_type>(type)));
  const std::uint64_t size = ggml_type_size(static_cast<ggml_type>(type));
  if (block == 0 || size == 0 || shape[0] % block != 0) return std::nullopt;
  std::uint64_t weights = 1;
  for (const std::uint64_t length : shape) {
    if (length == 0 || length > (1ULL << 40) / weights) return std::nullopt;
    weights *= length;
  }
  return weights / block * size;
}

void read_tensors(GgufReader& in, std::uint64_t count, Header& header) {
  const std::uint64_t alignment = header.number("general.alignment", 32);
  if (alignment == 0 || alignment > 65'536 || (alignment & (alignment - 1)) != 0) {
    return header.refuse("its alignment is not a power of two");
  }
  std::uint64_t data_bytes = 0;
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    const std::string name = in.string(GGML_MAX_NAME - 1);
    const auto dimensions = in.number<std::uint32_t>();
    if (in.failed() || dimensions == 0 || dimensions > 4) {
      return header.refuse("tensor " + std::to_string(i) + " is malformed");
    }
    std::uint64_t shape[4] = {1, 1, 1, 1};
    for (std::uint32_t d = 0; d < dimensions; ++d) shape[d] = in.number<std::uint64_t>();
    const auto type = in.number<std::uint32_t>();
    const auto offset = in.number<std::uint64_t>();
    if (in.failed()) return;
    const auto bytes = tensor_bytes(shape, type);
    if (!bytes || offset % alignment != 0 || offset != data_bytes) {
      return header.refuse("tensor " + std::to_string(i) + " has an impossible type, shape or place");
    }
    data_bytes += (*bytes + alignment - 1) / alignment * alignment;
    if (data_bytes > header.file_bytes + alignment) break;  // told below
    if (!header.last_dimension.emplace(name, shape[dimensions - 1]).second) {
      return header.refuse("tensor " + std::to_string(i) + " is given twice");
    }
  }
  if (in.failed()) return;
  const std::uint64_t start = (in.position() + alignment - 1) / alignment * alignment;
  // The last tensor may lack its padding.
  if (start + data_bytes > header.file_bytes + alignment - 1) {
    header.refuse("its tensors need " + std::to_string(start + data_bytes) + " bytes, the file has " +
                  std::to_string(header.file_bytes));
  }
}

// What llama.cpp takes for granted and would crash on.
void check_consistency(Header& header, const std::string& architecture) {
  const auto within = [&](const char* key, std::uint64_t least, std::uint64_t most) {
    const std::string full = architecture + "." + key;
    const auto it = header.numbers.find(full);
    if (it == header.numbers.end()) {
      if (!header.arrays.contains(full)) header.refuse("its metadata lack \"" + full + "\"");
    } else if (it->second < least || it->second > most) {
      header.refuse("its metadata give " + std::to_string(it->second) + " as \"" + full + "\"");
    }
  };
  within("block_count", 1, max_layers);
  within("embedding_length", 1, 1 << 20);
  within("context_length", 1, 1 << 28);
  within("attention.head_count", 1, 1 << 16);
  const auto tokens = header.arrays.find("tokenizer.ggml.tokens");
  if (tokens == header.arrays.end() || tokens->second.type != type_string || tokens->second.items == 0) {
    return header.refuse("it has no vocabulary");
  }
  const std::uint64_t count = tokens->second.items;
  for (const auto& [key, type] : {std::pair{"tokenizer.ggml.scores", 6U}, {"tokenizer.ggml.token_type", 5U}}) {
    const auto it = header.arrays.find(key);
    if (it != header.arrays.end() && (it->second.items != count || it->second.type != type)) {
      header.refuse(std::string("\"") + key + "\" is not a list of one number for each of its tokens");
    }
  }
  for (const auto& [key, value] : header.numbers) {
    const bool is_token = key.starts_with("tokenizer.ggml.") && key.ends_with("_token_id");
    if (is_token && value >= count && static_cast<std::uint32_t>(value) != UINT32_MAX) {
      header.refuse("\"" + key + "\" names a token that does not exist");
    }
  }
  const auto matrix = header.last_dimension.find("token_embd.weight");
  if (matrix != header.last_dimension.end() && matrix->second < count) {
    header.refuse("its vocabulary is larger than its embedding matrix");
  }
  const auto map = header.arrays.find("tokenizer.ggml.precompiled_charsmap");
  if (map != header.arrays.end() &&
      (value_bytes[map->second.type] != 1 || map->second.items < 8 ||
       map->second.first_unit_bytes + 4 >= map->second.items || map->second.first_unit_bytes % 4 != 0)) {
    header.refuse("its normalisation map is malformed");
  }
}

GgufSummary summarize(const Header& header, const std::string& architecture) {
  GgufSummary summary;
  summary.architecture = architecture;
  summary.name = repair_utf8(truncate_utf8(header.text("general.name"), 200));
  summary.file_bytes = header.file_bytes;
  summary.context_tokens = static_cast<std::uint32_t>(header.number(architecture + ".context_length"));
  summary.dimensions = static_cast<std::uint32_t>(header.number(architecture + ".embedding_length"));
  const auto pooling = header.number(architecture + ".pooling_type", 0);
  summary.is_embedding = (pooling >= 1 && pooling <= 3) || architecture.find("bert") != std::string::npos ||
                         architecture == "t5encoder" || architecture.ends_with("-embedding");
  return summary;
}

}  // namespace

Result<GgufSummary> read_gguf_summary(const std::filesystem::path& file) {
  std::error_code failure;
  if (!std::filesystem::exists(file, failure)) {
    return Error{ErrorCode::not_found, "there is no file " + file.string()};
  }
  if (!std::filesystem::is_regular_file(file, failure)) {
    return Error{ErrorCode::invalid, file.string() + " is not a plain file: give the path of a .gguf file"};
  }
  Header header;
  header.file_bytes = std::filesystem::file_size(file, failure);
  if (failure) return Error{ErrorCode::unavailable, file.string() + ": " + failure.message()};
  GgufReader in(file, header.file_bytes);
  if (in.failed()) return Error{ErrorCode::denied, file.string() + " cannot be opened: check its permissions"};
  const auto magic = in.number<std::array<char, 4>>();
  if (in.failed() || std::string_view(magic.data(), 4) != "GGUF") {
    const char* what = header.file_bytes == 0 ? "is empty" : "does not begin with \"GGUF\"";
    return Error{ErrorCode::invalid,
                 file.string() + " is not a model in GGUF format: it " + what + ". Give a .gguf file"};
  }
  const auto version = in.number<std::uint32_t>();
  const auto tensors = in.number<std::uint64_t>();
  const auto entries = in.number<std::uint64_t>();
  if (!in.failed() && version != 2 && version != 3) {
    return Error{ErrorCode::invalid, file.string() + " is GGUF of version " + std::to_string(version) +
                                         "; versions 2 and 3 are read (a big-endian file is not)"};
  }
  if (tensors > max_entries || entries > max_entries) header.refuse("its header counts more than a model can hold");
  if (!header.problem) read_metadata(in, entries, header);
  if (!header.problem && !in.failed()) read_tensors(in, tensors, header);
  const std::string architecture = header.text("general.architecture");
  if (!header.problem && !in.failed()) {
    if (architecture.empty() || architecture.size() > 64 || !is_valid_utf8(architecture)) {
      header.refuse("its metadata do not tell the architecture");
    } else if (tensors != 0) {
      check_consistency(header, architecture);
    } else {
      header.refuse("it holds no weights");
    }
  }
  if (in.failed()) header.refuse("it ends within its header");
  if (header.problem) {
    return header.problem->in(file.string() + " is damaged or cut short; get it again");
  }
  return summarize(header, architecture);
}

}  // namespace renvoi::model
