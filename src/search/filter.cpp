#include "search/filter.h"

#include <algorithm>

#include "net/url.h"

namespace renvoi::search {
namespace {

constexpr std::size_t kMaxEntries = 1'000;

template <typename Value>
bool lists(const std::vector<Value>& allowed, const Value& value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

// Whether `host` is `domain`, or below it.
bool is_within(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool is_within_any(std::string_view host, const std::vector<std::string>& domains) {
  return std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return is_within(host, domain); });
}

}  // namespace

Result<void> check(const SearchFilter& filter) {
  for (const catalog::ReferenceState state : filter.states) {
    if (catalog::is_showable(state)) continue;
    return Error{ErrorCode::invalid, "references in state " + std::string(to_string(state)) +
                                         " are in no search result: ask for LIVE, MOVED, HOST_DOWN or ARCHIVED"};
  }
  for (const std::size_t entries : {filter.sources.size(), filter.languages.size(), filter.types.size(),
                                    filter.states.size(), filter.domains.size(), filter.excluded_domains.size()}) {
    if (entries > kMaxEntries)
      return Error{ErrorCode::invalid, "a filter lists " + std::to_string(entries) + " values, more than 1,000"};
  }
  if (filter.since && filter.until && *filter.since > *filter.until)
    return Error{ErrorCode::invalid, "the filter by date ends before it begins: exchange since and until"};
  return {};
}

bool add_domain(SearchFilter& filter, std::string_view text) {
  const bool excluded = text.starts_with('-');
  if (excluded) text.remove_prefix(1);
  for (const std::string_view scheme : {"https://", "http://"})
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty() || text.front() == '-' || text.find_first_of("/?#:@\\ ") != std::string_view::npos) return false;
  const auto url = net::Url::parse("http://" + std::string(text) + "/");
  if (!url || url->host().empty()) return false;
  (excluded ? filter.excluded_domains : filter.domains).push_back(url->host());
  return true;
}

std::string_view host_of(std::string_view address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string_view::npos) return {};
  address.remove_prefix(scheme + 3);
  std::string_view host = address.substr(0, address.find_first_of("/?#"));
  if (host.ends_with(']')) return host;  // an IPv6 address without a port
  const std::size_t colon = host.rfind(':');
  return host.substr(0, colon);
}

bool lets_host_through(const SearchFilter& filter, std::string_view host) {
  if (!filter.domains.empty() && !is_within_any(host, filter.domains)) return false;
  return !is_within_any(host, filter.excluded_domains);
}

bool lets_through(const SearchFilter& filter, const catalog::Reference& reference) {
  if (!catalog::is_showable(reference) || !lists(filter.states, reference.state) ||
      !lists(filter.sources, reference.source) || !lists(filter.languages, reference.language) ||
      !lists(filter.types, reference.type) || !lets_host_through(filter, host_of(reference.address)))
    return false;
  if (!filter.since && !filter.until) return true;
  if (reference.date == 0) return false;
  const Day day = day_of(reference.date);
  return (!filter.since || day >= *filter.since) && (!filter.until || day <= *filter.until);
}

}  // namespace renvoi::search
