// /api/datasets: items, their bytes, what is said about them, snapshots, and streams for training.
#include <fmt/format.h>

#include <algorithm>

#include "dataset_view.h"
#include "server/application.h"
#include "server/dataset_shelf.h"
#include "server/filter_fields.h"

namespace renvoi::app {
namespace {

using namespace dataset;

constexpr std::uint64_t kMostListed = 1'000;
constexpr std::uint64_t kMostStreamed = 1'000'000;
constexpr std::uint64_t kMostNumber = 0xFFFF'FFFE;
constexpr std::uint64_t kMostPosition = std::uint64_t{1} << 52;
constexpr std::size_t kPieceBytes = 256u << 10;

// One a server, whose configuration outlives every request.
DatasetShelf& shelf_of(Application& application) { return *application.datasets; }

void list(Application& application, const Exchange& exchange) {
  const auto names = list_datasets(shelf_of(application).files(), application.engine.config().data / "datasets");
  if (!names) return exchange.reply.error(names.error());
  exchange.reply.json(200, {{"datasets", *names}});
}

// What a handler needs of a dataset; after an error the client has been told.
struct Opened {
  std::filesystem::path folder;
  std::shared_ptr<const Dataset> set;
  std::unique_ptr<AssertionStore> assertions;
};
Result<Opened> open(Application& application, const Exchange& exchange, Mode assertions = Mode::read) {
  DatasetShelf& shelf = shelf_of(application);
  Opened opened;
  RENVOI_TRY(opened.folder, dataset_folder(application.engine.config(), exchange.id));
  // Assertions first: then every item they are about is in what is opened next.
  if (!shelf.files().exists(opened.folder / "items.log"))
    return Error{ErrorCode::not_found, fmt::format("there is no dataset {}", exchange.id)};
  RENVOI_TRY(opened.assertions, AssertionStore::open(shelf.files(), opened.folder, assertions));
  RENVOI_TRY(opened.set, shelf.open(exchange.id));
  return opened;
}

void show(Application& application, const Exchange& exchange) {
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  const auto snapshots = Snapshots::open(shelf_of(application).files(), opened->folder, Mode::read);
  if (!snapshots) return exchange.reply.error(snapshots.error());
  const auto summary = summary_of(exchange.id, *opened->set, *opened->assertions, **snapshots);
  if (!summary) return exchange.reply.error(summary.error());
  exchange.reply.json(200, *summary);
}

void items(Application& application, const Exchange& exchange) {
  const Json query = json_of_query(exchange.request.query, {"from", "limit"});
  Fields fields(query, "");
  const std::uint64_t from = fields.number("from", 0, 0, kMostNumber);
  const std::uint64_t limit = fields.number("limit", 100, 1, kMostListed);
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  Json listed = Json::array();
  for (std::uint64_t at = from; at < std::min<std::uint64_t>(opened->set->count(), from + limit); ++at) {
    const auto number = static_cast<ItemNumber>(at);
    const auto item = opened->set->item(number);
    if (!item) return exchange.reply.error(item.error());
    const auto assertions = opened->assertions->of(number);
    if (!assertions) return exchange.reply.error(assertions.error());
    listed.push_back(json_of(*item, *opened->set));
    listed.back().update(json_of(derive(*assertions, opened->assertions->agents(), opened->set->settings().rule)));
  }
  exchange.reply.json(200, {{"items", listed}, {"count", opened->set->count()}});
}

// The number of the query `item`, or nothing after having answered what is wrong.
std::optional<ItemNumber> item_of(const Exchange& exchange) {
  const Json query = json_of_query(exchange.request.query, {"item"});
  Fields fields(query, "");
  if (!fields.has("item")) fields.refuse("item", "is missing");
  const std::uint64_t item = fields.number("item", 0, 0, kMostNumber);
  if (auto problem = fields.problem()) {
    exchange.reply.error(*problem);
    return {};
  }
  return static_cast<ItemNumber>(item);
}

void bytes(Application& application, const Exchange& exchange) {
  const auto number = item_of(exchange);
  if (!number) return;
  const auto set = shelf_of(application).open(exchange.id);
  if (!set) return exchange.reply.error(set.error());
  auto content = (*set)->bytes(*number);
  if (!content) return exchange.reply.error(content.error());
  // Never shown as a page of this server, whatever it says it is.
  exchange.reply.text(200, "application/octet-stream", std::move(content).value(),
                      {{"Content-Disposition", "attachment"},
                       {"X-Renvoi-Sha256", to_hex((*set)->digest(*number))},
                       {"Cache-Control", "no-store"}});
}

void assertions_of(Application& application, const Exchange& exchange) {
  const auto number = item_of(exchange);
  if (!number) return;
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  if (*number >= opened->set->count())
    return exchange.reply.error(Error{ErrorCode::not_found, fmt::format("there is no item {}", *number)});
  const auto assertions = opened->assertions->of(*number);
  if (!assertions) return exchange.reply.error(assertions.error());
  Json listed = Json::array();
  for (const Assertion& assertion : *assertions) listed.push_back(json_of(assertion, *opened->assertions));
  Json answer = json_of(derive(*assertions, opened->assertions->agents(), opened->set->settings().rule));
  answer["assertions"] = listed;
  exchange.reply.json(200, answer);
}

void add_assertions(Application& application, const Exchange& exchange) {
  const auto body = read_body(exchange);
  if (!body) return;
  Fields fields(*body, "");
  const Json& given = fields.raw("assertions");
  if (!given.is_array() || given.empty() || given.size() > 10'000)
    fields.refuse("assertions", "must be a list of 1 to 10,000");
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto opened = open(application, exchange, Mode::write);
  if (!opened) return exchange.reply.error(opened.error());
  std::vector<Assertion> assertions;
  for (const Json& one : given) {
    auto assertion = read_assertion(one, *opened->set, *opened->assertions, application.engine.clock().now());
    if (!assertion) return exchange.reply.error(assertion.error());
    assertions.push_back(std::move(assertion).value());
  }
  const auto numbers = opened->assertions->append(assertions);
  if (!numbers) return exchange.reply.error(numbers.error());
  (void)opened->assertions->index_if_due();
  exchange.reply.json(201, {{"assertions", *numbers}});
}

void queue(Application& application, const Exchange& exchange) {
  const Json query = json_of_query(exchange.request.query, {"limit"});
  Fields fields(query, "");
  const std::string person = fields.required_text("person");
  const std::uint64_t limit = fields.number("limit", 20, 1, kMostListed);
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  const auto tasks = queue_for(
      *opened->assertions, {AgentKind::person, person, "", ""}, opened->set->count(),
      [&](ItemNumber item) { return !opened->set->is_removed(item); }, opened->set->settings().rule, limit);
  if (!tasks) return exchange.reply.error(tasks.error());
  Json listed = Json::array();
  for (const Task& task : *tasks) listed.push_back(json_of(task));
  exchange.reply.json(200, {{"tasks", listed}, {"classes", opened->set->settings().classes}});
}

void list_snapshots(Application& application, const Exchange& exchange) {
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  const auto snapshots = Snapshots::open(shelf_of(application).files(), opened->folder, Mode::read);
  if (!snapshots) return exchange.reply.error(snapshots.error());
  Json listed = Json::array();
  for (const SnapshotInfo& info : (*snapshots)->list()) listed.push_back(json_of(info));
  exchange.reply.json(200, {{"snapshots", listed}});
}

void make_snapshot(Application& application, const Exchange& exchange) {
  std::string note;
  if (!exchange.request.body.empty()) {
    const auto body = read_body(exchange);
    if (!body) return;
    Fields fields(*body, "");
    note = fields.text("note");
    if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  }
  const auto opened = open(application, exchange);
  if (!opened) return exchange.reply.error(opened.error());
  const auto snapshots = Snapshots::open(shelf_of(application).files(), opened->folder, Mode::write);
  if (!snapshots) return exchange.reply.error(snapshots.error());
  const auto info = (*snapshots)->make(*opened->set, *opened->assertions, note, application.engine.clock().now());
  if (!info) return exchange.reply.error(info.error());
  exchange.reply.json(201, json_of(*info));
}

struct StreamRequest {
  std::string snapshot, select, format;
  StreamSpec spec;
  std::uint64_t from = 0, count = 0, step = 1;
};

bool flag(Fields& fields, const char* name) { return fields.choice(name, "false", {"true", "false"}) == "true"; }

std::optional<StreamRequest> read_stream(const Exchange& exchange) {
  const Json query = json_of_query(exchange.request.query, {"seed", "epoch", "from", "count", "step"});
  Fields fields(query, "");
  StreamRequest request;
  request.snapshot = fields.text("snapshot", "latest");
  request.select = fields.choice("select", "verified", {"verified", "annotated", "all"});
  request.format = fields.choice("format", "tar", {"tar", "frames"});
  request.spec.seed = fields.number("seed", 0, 0, kMostPosition);
  request.spec.epoch = fields.number("epoch", 0, 0, kMostPosition);
  request.spec.balanced = flag(fields, "balanced");
  request.spec.shuffled = !flag(fields, "in_order");
  request.from = fields.number("from", 0, 0, kMostPosition);
  request.count = fields.number("count", 1'000, 1, kMostStreamed);
  request.step = fields.number("step", 1, 1, kMostStreamed);
  if (auto problem = fields.problem()) {
    exchange.reply.error(*problem);
    return {};
  }
  return request;
}

void stream(Application& application, const Exchange& exchange) {
  const auto request = read_stream(exchange);
  if (!request) return;
  DatasetShelf& shelf = shelf_of(application);
  const auto view = shelf.view(exchange.id, request->snapshot, *parse_selection(request->select));
  if (!view) return exchange.reply.error(view.error());
  const auto set = shelf.open(exchange.id);
  if (!set) return exchange.reply.error(set.error());
  const auto order = StreamOrder::make((*view)->view, request->spec);
  if (!order) return exchange.reply.error(order.error());
  std::uint64_t position = request->from;
  const std::uint64_t end = std::min(order->size(), request->from + request->count * request->step);
  const bool tar = request->format == "tar";
  std::string piece;
  const auto fill = [&]() -> Result<void> {
    for (; position < end && piece.size() < kPieceBytes; position += request->step) {
      RENVOI_TRY(const Sample sample, read_sample(**set, (*view)->view, *order, position));
      tar ? append_tar(piece, sample, (*view)->view) : append_frame(piece, sample);
    }
    return {};
  };
  // The first piece before the status: what cannot be read is an error then, later the transfer breaks off.
  if (const auto filled = fill(); !filled) return exchange.reply.error(filled.error());
  exchange.reply.begin_bytes(
      tar ? "application/x-tar" : "application/octet-stream",
      {{"X-Renvoi-Snapshot", (*view)->snapshot}, {"X-Renvoi-Epoch-Samples", std::to_string(order->size())}});
  while (position < end) {
    if (!exchange.reply.bytes(piece)) return;
    piece.clear();
    if (const auto filled = fill(); !filled) return;  // without an end: the client sees that it is not whole
  }
  if (tar) end_tar(piece);
  if (exchange.reply.bytes(piece)) exchange.reply.end_bytes();
}

void classes(Application& application, const Exchange& exchange) {
  const Json query = json_of_query(exchange.request.query, {});
  Fields fields(query, "");
  const std::string snapshot = fields.text("snapshot", "latest");
  const std::string select = fields.choice("select", "verified", {"verified", "annotated", "all"});
  if (auto problem = fields.problem()) return exchange.reply.error(*problem);
  const auto view = shelf_of(application).view(exchange.id, snapshot, *parse_selection(select));
  if (!view) return exchange.reply.error(view.error());
  exchange.reply.json(200, {{"snapshot", (*view)->snapshot},
                            {"samples", (*view)->view.items.size()},
                            {"classes", (*view)->view.class_names}});
}

}  // namespace

void add_dataset_routes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/api/datasets", KeyRole::read, list});
  routes.push_back({"GET", "/api/datasets/{id}", KeyRole::read, show});
  routes.push_back({"GET", "/api/datasets/{id}/items", KeyRole::read, items});
  routes.push_back({"GET", "/api/datasets/{id}/bytes", KeyRole::read, bytes});
  routes.push_back({"GET", "/api/datasets/{id}/assertions", KeyRole::read, assertions_of});
  routes.push_back({"POST", "/api/datasets/{id}/assertions", KeyRole::write, add_assertions});
  routes.push_back({"GET", "/api/datasets/{id}/queue", KeyRole::read, queue});
  routes.push_back({"GET", "/api/datasets/{id}/snapshots", KeyRole::read, list_snapshots});
  routes.push_back({"POST", "/api/datasets/{id}/snapshots", KeyRole::write, make_snapshot});
  routes.push_back({"GET", "/api/datasets/{id}/classes", KeyRole::read, classes});
  routes.push_back({"GET", "/api/datasets/{id}/stream", KeyRole::read, stream});
}

}  // namespace renvoi::app
