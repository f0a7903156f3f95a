"""Scrapy over the same addresses. Usage: fetch_scrapy.py fetch|conditional|extract HOSTS URLS AT_ONCE
Set up for a broad crawl as its documentation advises (docs/topics/broad-crawls): the queue that knows hosts, no cookies,
no retries, nothing logged; one request at a time to a host, robots.txt obeyed. `extract` parses each page and takes its
text with one XPath: less than we do, but what a spider would begin with. Prints one line of JSON."""
import json
import resource
import sys
import time

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer

MODE, HOSTS, URLS, AT_ONCE = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
NAMES = dict(line.split() for line in open(HOSTS, encoding="ascii"))
ADDRESSES = open(URLS, encoding="ascii").read().split()


class FileResolver(CachingThreadedResolver):
    def getHostByName(self, name, timeout=()):
        return defer.succeed(NAMES[name])


class Pages(scrapy.Spider):
    name = "pages"
    pages = unchanged = bytes = text_bytes = failed = 0
    began = 0.0
    cpu_s = 0.0

    async def start(self):
        self.begin()
        for address in ADDRESSES:
            yield scrapy.Request(address, self.read, errback=self.fail, dont_filter=True)

    def begin(self):
        self.began, self.cpu_s = time.monotonic(), cpu()
        self.pages = self.unchanged = self.bytes = self.text_bytes = 0

    def read(self, response):
        self.bytes += len(response.body)
        if response.status == 304:
            self.unchanged += 1
            return None
        self.pages += 1
        if MODE == "extract":
            texts = response.xpath("//body//text()[not(ancestor::script or ancestor::style)]").getall()
            self.text_bytes += len(" ".join(texts).encode())
        if MODE == "conditional" and "again" not in response.meta:
            self.validators.append((response.url, response.headers["ETag"]))
            if len(self.validators) == len(ADDRESSES):
                self.begin()
                return [scrapy.Request(url, self.read, errback=self.fail, dont_filter=True, meta={"again": True},
                                       headers={"If-None-Match": etag}) for url, etag in self.validators]
        return None

    def fail(self, failure):
        self.failed += 1

    def closed(self, reason):
        seconds = time.monotonic() - self.began
        print(json.dumps({"pages": self.pages, "unchanged": self.unchanged, "failed": self.failed, "bytes": self.bytes,
                          "text_bytes": self.text_bytes, "seconds": seconds, "cpu_s": cpu() - self.cpu_s,
                          "per_s": (self.pages + self.unchanged) / seconds}))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


Pages.validators = []
process = CrawlerProcess({
    "CONCURRENT_REQUESTS": AT_ONCE, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": True,
    "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue", "REACTOR_THREADPOOL_MAXSIZE": 20,
    "DNS_RESOLVER": FileResolver, "COOKIES_ENABLED": False, "RETRY_ENABLED": False, "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False, "HTTPERROR_ALLOWED_CODES": [304], "DOWNLOAD_TIMEOUT": 60,
    "USER_AGENT": "scrapy-bench"})
process.crawl(Pages)
process.start()
