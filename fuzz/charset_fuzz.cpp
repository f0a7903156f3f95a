// rooms: extract text base
// Any bytes of an unknown or a lying charset: what comes out is valid UTF-8. The first byte picks what is declared.
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "base/utf8.h"
#include "extract/decode.h"
#include "extract/sniff.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renvoi;
  if (size == 0) return 0;
  static constexpr const char* kDeclared[] = {"",        "utf-8",  "shift_jis", "iso-2022-jp",
                                              "gb18030", "utf-16", "hz",        "utf-7"};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  extract::Decoded decoded;
  extract::decode(bytes, kDeclared[data[0] % std::size(kDeclared)], data[0] % 2 == 0, decoded);
  if (!is_valid_utf8(decoded.text)) std::abort();
  extract::sniff(bytes, {.content_type = std::string(bytes.substr(0, 60)), .name = std::string(bytes.substr(0, 20))});
  return 0;
}
