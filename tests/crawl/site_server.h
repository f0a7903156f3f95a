// A web site on loopback that says what the test tells it to, and remembers what it was asked.
#pragma once

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/http_server.h"

namespace renvoi::test {

struct Page {
  int status = 200;
  std::string body;
  std::string type = "text/html; charset=utf-8";
  net::ResponseWriter::Headers headers{};
};

inline std::string html(const std::string& title, const std::string& text, const std::vector<std::string>& links = {},
                        const std::string& head = "") {
  std::string out = "<!doctype html><html lang=en><head><title>" + title + "</title>" + head +
                    "</head><body><main><h1>" + title + "</h1><p>" + text +
                    " This paragraph is long enough to be the main content of its page, whoever looks at it, and it "
                    "says so in plain words that nobody could take for a menu.</p>";
  for (const std::string& link : links) out += "<p>See <a href=\"" + link + "\">" + link + "</a> for more.</p>";
  return out + "</main></body></html>";
}

class SiteServer {
 public:
  SiteServer() {
    net::HttpServer::Options options;
    options.port = 0;
    auto started =
        net::HttpServer::start(options, [this](const auto& request, auto& response) { answer(request, response); });
    if (!started) throw std::runtime_error(started.error().message);
    server_ = std::move(started).value();
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  void set(const std::string& path, Page page) {
    const std::scoped_lock lock(mutex_);
    pages_[path] = std::move(page);
  }
  void set_html(const std::string& path, const std::string& text, const std::vector<std::string>& links = {},
                const std::string& head = "") {
    set(path, {200, html("Page " + path, text, links, head)});
  }
  void remove(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    pages_.erase(path);
  }
  // How often each path was asked for since the last forget().
  std::map<std::string, int> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }
  int asked(const std::string& path) const {
    const auto all = asked();
    const auto found = all.find(path);
    return found == all.end() ? 0 : found->second;
  }
  // Of the last request for `path`, decoded.
  std::map<std::string, std::string> query(const std::string& path) const {
    const std::scoped_lock lock(mutex_);
    const auto found = queries_.find(path);
    return found == queries_.end() ? std::map<std::string, std::string>() : found->second;
  }
  void forget() {
    const std::scoped_lock lock(mutex_);
    asked_.clear();
  }

 private:
  void answer(const net::ServerRequest& request, net::ResponseWriter& response) {
    Page page{404, "<p>no such page</p>"};
    {
      const std::scoped_lock lock(mutex_);
      ++asked_[request.path];
      queries_[request.path] = request.query;
      if (const auto found = pages_.find(request.path); found != pages_.end()) page = found->second;
    }
    for (const auto& [name, value] : page.headers)
      if (name == "ETag" && request.header("if-none-match") == value)
        return response.send(304, page.type, "", page.headers);
    response.send(page.status, page.type, page.body, page.headers);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Page> pages_;
  std::map<std::string, int> asked_;
  std::map<std::string, std::map<std::string, std::string>> queries_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace renvoi::test
