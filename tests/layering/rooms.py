"""What each room may use directly: DESIGN section 4. A room may also use what those use."""

MAY_USE = {
    "base": [],
    "io": ["base"],
    "net": ["base"],
    "text": ["base"],
    "extract": ["io", "text"],
    "model": ["io", "net", "text"],
    "catalog": ["io"],
    "index": ["io", "text"],
    "crawl": ["net", "extract", "catalog"],
    "search": ["catalog", "index", "model"],
    "answer": ["search", "crawl", "model"],
    "ingest": ["crawl", "extract", "model", "search", "index", "catalog"],
    "quality": ["ingest", "search", "answer"],
    "dataset": ["io", "net", "model"],
    "capture": ["crawl", "dataset"],
    "replicate": ["io", "net", "model"],
}

# A header or a call that belongs to one room only: (what, pattern, rooms that may).
RESERVED = [
    ("llama.cpp", r'#\s*include\s*[<"](?:llama|ggml|gguf)[\w-]*\.h', {"model"}),
    ("SQLite", r'#\s*include\s*[<"]sqlite3\.h', {"catalog"}),
    ("sockets", r'#\s*include\s*[<"](?:sys/socket|sys/un|netinet/\w+|arpa/inet|netdb|ares\w*)\.h', {"net"}),
    ("libcurl", r'#\s*include\s*[<"]curl/', {"net"}),
    ("Boost.Beast and Asio", r'#\s*include\s*[<"]boost/(?:beast|asio)', {"net"}),
    ("the environment", r'\b(?:secure_)?getenv\s*\(|\benviron\b', set()),
]

MAX_LINES_OF_A_FILE = 600
