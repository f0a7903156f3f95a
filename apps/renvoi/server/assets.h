// The files of the web interface, compiled into the program (embed_assets.py writes the other half of this).
#pragma once

#include <string_view>
#include <vector>

namespace renvoi::app {

struct Asset {
  std::string_view name;  // "index.html", "app.js"
  std::string_view bytes;
  std::string_view gzip;  // the same, compressed
};
// Empty in a build without the interface.
const std::vector<Asset>& embedded_assets();
// server/openapi.json.
std::string_view embedded_openapi();

}  // namespace renvoi::app
